package baidu

import (
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// refusals are the codes of the service (cloud.baidu.com/doc/SMS/s/zjwvxry6e) and of the
// gateway in front of it (cloud.baidu.com/doc/Reference/s/Bjwvz1iel).
var refusals = delivery.NewRefusals(map[smscode.Reason][]string{
	smscode.Auth: {
		"6002", "6005", "6013", "SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "RequestExpired",
		"InvalidHTTPAuthHeader", "InvalidHTTPRequest",
	},
	smscode.Balance:     {"6012"},
	smscode.Signature:   {"6006"},
	smscode.Template:    {"4601", "4602", "4603", "4605", "4606", "4607", "4608", "4609", "4610"},
	smscode.Content:     {"4508"},
	smscode.Number:      {"4503", "4507", "4511"},
	smscode.Blocked:     {"4641", "4642", "4643", "4651", "4652", "4653"},
	smscode.Throttled:   {"RequestLimitExceeded", "TooManyRequests"},
	smscode.Unavailable: {"ServiceUnavailable"},
	smscode.Other:       {"4501", "4502", "4504", "4505", "4506", "4512", "4518", "MalformedJSON", "InappropriateJSON"},
}, nil, "InternalError")
