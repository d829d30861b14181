package aliyun

import (
	"net/http"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// reasons are the vendor's codes: those of SendSms
// (help.aliyun.com/document_detail/101346.html) and of the gateway before it.
var reasons = map[string]delivery.Reason{
	"isv.BUSINESS_LIMIT_CONTROL":         delivery.Throttled,
	"isv.DAY_LIMIT_CONTROL":              delivery.Throttled,
	"isv.MONTH_LIMIT_CONTROL":            delivery.Throttled,
	"isv.MOBILE_NUMBER_ILLEGAL":          delivery.Number,
	"isv.MOBILE_COUNT_OVER_LIMIT":        delivery.Number,
	"isv.BLACK_KEY_CONTROL_LIMIT":        delivery.Blocked,
	"isv.DOMESTIC_NUMBER_NOT_SUPPORTED":  delivery.Region,
	"isv.DENY_IP_RANGE":                  delivery.Region,
	"isv.SMS_TEMPLATE_ILLEGAL":           delivery.Template,
	"isv.TEMPLATE_MISSING_PARAMETERS":    delivery.Template,
	"isv.TEMPLATE_PARAMS_ILLEGAL":        delivery.Template,
	"isv.INVALID_JSON_PARAM":             delivery.Template,
	"isv.INVALID_PARAMETERS":             delivery.Template,
	"isv.PARAM_LENGTH_LIMIT":             delivery.Template,
	"isv.PARAM_NOT_SUPPORT_URL":          delivery.Template,
	"isv.SMS_SIGNATURE_ILLEGAL":          delivery.Signature,
	"isv.SMS_SIGN_ILLEGAL":               delivery.Signature,
	"isv.SIGN_STATE_ILLEGAL":             delivery.Signature,
	"isv.SMS_SIGNATURE_SCENE_ILLEGAL":    delivery.Signature,
	"isv.SMS_CONTENT_ILLEGAL":            delivery.Content,
	"isv.AMOUNT_NOT_ENOUGH":              delivery.Balance,
	"isv.OUT_OF_SERVICE":                 delivery.Balance,
	"isv.PRODUCT_UN_SUBSCRIPT":           delivery.Auth,
	"isv.ACCOUNT_NOT_EXISTS":             delivery.Auth,
	"isv.ACCOUNT_ABNORMAL":               delivery.Auth,
	"isp.RAM_PERMISSION_DENY":            delivery.Auth,
	"InvalidAccessKeyId.NotFound":        delivery.Auth,
	"InvalidAccessKeyId.Inactive":        delivery.Auth,
	"SignatureDoesNotMatch":              delivery.Auth,
	"IncompleteSignature":                delivery.Auth,
	"SignatureNonceUsed":                 delivery.Auth,
	"InvalidTimeStamp.Expired":           delivery.Auth,
	"Forbidden.RAM":                      delivery.Auth,
	"Forbidden.AccessKeyDisabled":        delivery.Auth,
	"isp.SYSTEM_ERROR":                   delivery.Unavailable,
	"isp.GATEWAY_ERROR":                  delivery.Unavailable,
	"ServiceUnavailable":                 delivery.Unavailable,
	"isv.SMS_TEST_NUMBER_LIMIT":          delivery.Number,
	"isv.SMS_TEST_SIGN_TEMPLATE_LIMIT":   delivery.Template,
	"isv.CUSTOMER_REFUSED":               delivery.Blocked,
	"isv.EXTEND_CODE_ERROR":              delivery.Other,
	"isv.SMS_OVER_LIMIT":                 delivery.Throttled,
	"isv.TEMPLATE_COUNT_OVER_LIMIT":      delivery.Template,
	"isv.SMS_SIGN_EMOJI_ILLEGAL":         delivery.Signature,
	"isv.ERROR_EMPTY_FILE":               delivery.Other,
	"isv.SHORTURL_DOMAIN_EMPTY":          delivery.Template,
	"isv.PARAM_NOT_SUPPORT_PHONE_NUMBER": delivery.Template,
}

// accountLimits are the codes whose limit is the account's.
var accountLimits = map[string]bool{
	"isv.DAY_LIMIT_CONTROL":   true,
	"isv.MONTH_LIMIT_CONTROL": true,
	"isv.SMS_OVER_LIMIT":      true,
}

// refusal reads a code that isn't OK. With a status of 5xx only a code that tells
// why the vendor wouldn't send is a refusal; its own failures, and codes that are
// in no table, leave open whether it sent.
func refusal(code, message string, status int) delivery.Outcome {
	reason, known := reasons[code]
	switch {
	case strings.HasPrefix(code, "Throttling"):
		reason = delivery.Throttled
	case strings.HasPrefix(code, "InvalidAccessKeyId") || strings.HasPrefix(code, "InvalidSecurityToken"):
		reason = delivery.Auth
	case strings.HasPrefix(code, "isv.BLACK_KEY_CONTROL_LIMIT"):
		reason = delivery.Blocked
	case !known:
		reason = delivery.Other
	}
	if status >= http.StatusInternalServerError && (reason == delivery.Other || reason == delivery.Unavailable) {
		return delivery.Unknown("the vendor failed")
	}
	o := delivery.Refused(reason, code)
	if reason == delivery.Throttled {
		o.Scope, o.Wait = throttle(code, message)
	}
	return o
}

// throttle says whose limit it was and how long it lasts. BUSINESS_LIMIT_CONTROL
// names its window in the message: "触发分钟级流控Permits:1" (minutes),
// "小时级" (hours), "天级" (days).
func throttle(code, message string) (delivery.Scope, time.Duration) {
	if accountLimits[code] || strings.HasPrefix(code, "Throttling") {
		return delivery.ScopeAccount, 0
	}
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
				return delivery.ScopeNumber, w.wait
			}
		}
	}
	return delivery.ScopeNumber, 0
}
