package awssns

import (
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// refusals are the codes of Publish (docs.aws.amazon.com/sns/latest/api/API_Publish.html)
// and those that all query services of AWS share.
var refusals = delivery.NewRefusals(map[smscode.Reason][]string{
	smscode.Auth: {
		"AuthorizationError", "AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "SignatureDoesNotMatch",
		"ExpiredToken", "RequestExpired", "IncompleteSignature", "MissingAuthenticationToken", "UnrecognizedClientException",
		"OptInRequired", "InvalidSecurity", "NotAuthorized",
	},
	smscode.Throttled:   {"Throttling", "ThrottlingException", "Throttled", "RequestThrottled", "RequestLimitExceeded", "TooManyRequestsException"},
	smscode.Content:     {"ParameterValueInvalid"},
	smscode.Blocked:     {"OptedOut", "EndpointDisabled"},
	smscode.Unavailable: {"ServiceUnavailable"},
	smscode.Other:       {"InvalidParameter", "ValidationException", "NotFound", "InvalidAction"},
}, nil, "InternalError", "InternalFailure")
