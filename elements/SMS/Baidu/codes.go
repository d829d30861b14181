package baidu

import "github.com/lintel-run/lintel/elements/SMS/delivery"

// codes are those of the service (cloud.baidu.com/doc/SMS/s/zjwvxry6e) and of the
// gateway before it (cloud.baidu.com/doc/Reference/s/Bjwvz1iel).
var codes = delivery.NewCodes(map[delivery.Reason][]string{
	delivery.Auth: {
		"6002", "6005", "6013", "SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "RequestExpired",
		"InvalidHTTPAuthHeader", "InvalidHTTPRequest",
	},
	delivery.Balance:     {"6012"},
	delivery.Signature:   {"6006"},
	delivery.Template:    {"4601", "4602", "4603", "4605", "4606", "4607", "4608", "4609", "4610"},
	delivery.Content:     {"4508"},
	delivery.Number:      {"4503", "4507", "4511"},
	delivery.Blocked:     {"4641", "4642", "4643", "4651", "4652", "4653"},
	delivery.Throttled:   {"RequestLimitExceeded", "TooManyRequests"},
	delivery.Unavailable: {"ServiceUnavailable"},
	delivery.Other:       {"4501", "4502", "4504", "4505", "4506", "4512", "4518", "MalformedJSON", "InappropriateJSON"},
}, nil, "InternalError")
