package aliyun

import (
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// numberLimit is the limit of a number, or of a number and sign. The others that
// throttle are the account's.
const numberLimit = "isv.BUSINESS_LIMIT_CONTROL"

// refusals are the codes of SendSms
// (help.aliyun.com/document_detail/101346.html) and of the gateway in front of it.
var refusals = delivery.NewRefusals(map[smscode.Reason][]string{
	smscode.Auth: {
		"isv.PRODUCT_UN_SUBSCRIPT", "isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL", "isp.RAM_PERMISSION_DENY",
		"SignatureDoesNotMatch", "IncompleteSignature", "SignatureNonceUsed", "InvalidTimeStamp.Expired", "Forbidden.RAM",
		"Forbidden.AccessKeyDisabled", "isv.PRODUCT_UNSUBSCRIBE", "NoPermission", "InvalidAccessKeyId",
		"InvalidSecurityToken",
	},
	smscode.Balance: {"isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE"},
	smscode.Signature: {
		"isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL", "isv.SIGN_STATE_ILLEGAL", "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
		"isv.SMS_SIGN_EMOJI_ILLEGAL",
	},
	smscode.Template: {
		"isv.SMS_TEMPLATE_ILLEGAL", "isv.TEMPLATE_MISSING_PARAMETERS", "isv.TEMPLATE_PARAMS_ILLEGAL",
		"isv.INVALID_JSON_PARAM", "isv.INVALID_PARAMETERS", "isv.PARAM_LENGTH_LIMIT", "isv.PARAM_NOT_SUPPORT_URL",
		"isv.SMS_TEST_SIGN_TEMPLATE_LIMIT", "isv.TEMPLATE_COUNT_OVER_LIMIT", "isv.SHORTURL_DOMAIN_EMPTY",
		"isv.PARAM_NOT_SUPPORT_PHONE_NUMBER",
	},
	smscode.Content: {"isv.SMS_CONTENT_ILLEGAL"},
	smscode.Number:  {"isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT", "isv.SMS_TEST_NUMBER_LIMIT"},
	smscode.Blocked: {"isv.BLACK_KEY_CONTROL_LIMIT", "isv.CUSTOMER_REFUSED"},
	smscode.Region:  {"isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "isv.DENY_IP_RANGE"},
	smscode.Throttled: {
		numberLimit, "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isv.SMS_OVER_LIMIT",
		"Throttling",
	},
	smscode.Unavailable: {"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "ServiceUnavailable"},
	smscode.Other:       {"isv.EXTEND_CODE_ERROR", "isv.ERROR_EMPTY_FILE"},
}, map[string]delivery.Limit{numberLimit: {Scope: smscode.ScopeNumber}})

// refusal returns the outcome of a code that isn't OK. The message of a number's
// limit names its window, as in "触发分钟级流控Permits:1" (minutes).
func refusal(code, message string, status int) delivery.Outcome {
	o := refusals.Outcome(code, status)
	if code == numberLimit {
		o.Wait = limitWindow(message)
	}
	return o
}

func limitWindow(message string) time.Duration {
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
