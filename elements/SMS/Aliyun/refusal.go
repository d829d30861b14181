package aliyun

import (
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// numberLimit is met by a number, or by a number and sign; the others that throttle
// are the account's.
const numberLimit = "isv.BUSINESS_LIMIT_CONTROL"

// codes are the vendor's: those of SendSms
// (help.aliyun.com/document_detail/101346.html) and of the gateway before it.
var codes = delivery.NewCodes(map[delivery.Reason][]string{
	delivery.Auth: {
		"isv.PRODUCT_UN_SUBSCRIPT", "isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL", "isp.RAM_PERMISSION_DENY",
		"SignatureDoesNotMatch", "IncompleteSignature", "SignatureNonceUsed", "InvalidTimeStamp.Expired", "Forbidden.RAM",
		"Forbidden.AccessKeyDisabled", "isv.PRODUCT_UNSUBSCRIBE", "NoPermission", "InvalidAccessKeyId",
		"InvalidSecurityToken",
	},
	delivery.Balance: {"isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE"},
	delivery.Signature: {
		"isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL", "isv.SIGN_STATE_ILLEGAL", "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
		"isv.SMS_SIGN_EMOJI_ILLEGAL",
	},
	delivery.Template: {
		"isv.SMS_TEMPLATE_ILLEGAL", "isv.TEMPLATE_MISSING_PARAMETERS", "isv.TEMPLATE_PARAMS_ILLEGAL",
		"isv.INVALID_JSON_PARAM", "isv.INVALID_PARAMETERS", "isv.PARAM_LENGTH_LIMIT", "isv.PARAM_NOT_SUPPORT_URL",
		"isv.SMS_TEST_SIGN_TEMPLATE_LIMIT", "isv.TEMPLATE_COUNT_OVER_LIMIT", "isv.SHORTURL_DOMAIN_EMPTY",
		"isv.PARAM_NOT_SUPPORT_PHONE_NUMBER",
	},
	delivery.Content: {"isv.SMS_CONTENT_ILLEGAL"},
	delivery.Number:  {"isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT", "isv.SMS_TEST_NUMBER_LIMIT"},
	delivery.Blocked: {"isv.BLACK_KEY_CONTROL_LIMIT", "isv.CUSTOMER_REFUSED"},
	delivery.Region:  {"isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "isv.DENY_IP_RANGE"},
	delivery.Throttled: {
		numberLimit, "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isv.SMS_OVER_LIMIT",
		"Throttling",
	},
	delivery.Unavailable: {"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "ServiceUnavailable"},
	delivery.Other:       {"isv.EXTEND_CODE_ERROR", "isv.ERROR_EMPTY_FILE"},
}, map[string]delivery.Limit{numberLimit: {Scope: delivery.ScopeNumber}})

// refusal reads a code that isn't OK. The limit of a number names its window in the
// message: "触发分钟级流控Permits:1" (minutes), "小时级" (hours), "天级" (days).
func refusal(code, message string, status int) delivery.Outcome {
	o := codes.Outcome(code, status)
	if code == numberLimit {
		o.Wait = window(message)
	}
	return o
}

func window(message string) time.Duration {
	lower := strings.ToLower(message)
	for _, w := range []struct {
		words []string
		wait  time.Duration
	}{
		{[]string{"分钟级", "minute"}, time.Minute},
		{[]string{"小时级", "hour"}, time.Hour},
		{[]string{"天级", "day"}, 24 * time.Hour},
	} {
		for _, word := range w.words {
			if strings.Contains(lower, word) {
				return w.wait
			}
		}
	}
	return 0
}
