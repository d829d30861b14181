package awssns

import "github.com/lintel-run/lintel/elements/SMS/delivery"

// codes are those of Publish (docs.aws.amazon.com/sns/latest/api/API_Publish.html)
// and those that all of AWS's query services share.
var codes = delivery.NewCodes(map[delivery.Reason][]string{
	delivery.Auth: {
		"AuthorizationError", "AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "SignatureDoesNotMatch",
		"ExpiredToken", "RequestExpired", "IncompleteSignature", "MissingAuthenticationToken", "UnrecognizedClientException",
		"OptInRequired", "InvalidSecurity", "NotAuthorized",
	},
	delivery.Throttled:   {"Throttling", "ThrottlingException", "Throttled", "RequestThrottled", "RequestLimitExceeded", "TooManyRequestsException"},
	delivery.Content:     {"ParameterValueInvalid"},
	delivery.Blocked:     {"OptedOut", "EndpointDisabled"},
	delivery.Unavailable: {"ServiceUnavailable"},
	delivery.Other:       {"InvalidParameter", "ValidationException", "NotFound", "InvalidAction"},
}, nil, "InternalError", "InternalFailure")
