package tencent

import (
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// refusals are the codes of SendSms (cloud.tencent.com/document/api/382/59177) and of
// the API in front of it (cloud.tencent.com/document/api/382/52075).
var refusals = delivery.NewRefusals(map[smscode.Reason][]string{
	smscode.Auth: {
		"AuthFailure", "UnauthorizedOperation", "InvalidParameterValue.SdkAppIdNotExist",
		"InternalError.SigVerificationFail", "InternalError.SigFieldMissing", "InternalError.RequestTimeException",
	},
	smscode.Balance:   {"FailedOperation.InsufficientBalanceInSmsPackage", "UnauthorizedOperation.ServiceSuspendDueToArrears"},
	smscode.Signature: {"FailedOperation.SignatureIncorrectOrUnapproved"},
	smscode.Template: {
		"FailedOperation.TemplateIncorrectOrUnapproved", "FailedOperation.TemplateUnapprovedOrNotExist",
		"FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "InvalidParameterValue.TemplateParameterFormatError",
		"InvalidParameterValue.TemplateParameterLengthLimit", "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
		"InvalidParameterValue.TemplateWithDynamicParameters",
	},
	smscode.Content: {"FailedOperation.ContainSensitiveWord", "InvalidParameterValue.ContentLengthLimit"},
	smscode.Number: {
		"InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.PhoneNumberParseFail",
		"MissingParameter.EmptyPhoneNumberSet", "LimitExceeded.PhoneNumberCountLimit",
	},
	smscode.Blocked: {"FailedOperation.PhoneNumberInBlacklist", "FailedOperation.PhoneNumberOnBlacklist"},
	smscode.Region:  {"UnsupportedOperation", "LimitExceeded.AppCountryOrRegionInBlacklist"},
	smscode.Throttled: {
		"LimitExceeded.PhoneNumberThirtySecondLimit", "LimitExceeded.PhoneNumberOneHourLimit",
		"LimitExceeded.PhoneNumberDailyLimit", "LimitExceeded.PhoneNumberSameContentDailyLimit",
		"LimitExceeded.DeliveryFrequencyLimit", "LimitExceeded", "RequestLimitExceeded",
	},
	smscode.Unavailable: {"InternalError.RestApiInterfaceNotExist", "ResourceUnavailable"},
}, map[string]delivery.Limit{
	"LimitExceeded.PhoneNumberThirtySecondLimit":     {Scope: smscode.ScopeNumber, Wait: 30 * time.Second},
	"LimitExceeded.PhoneNumberOneHourLimit":          {Scope: smscode.ScopeNumber, Wait: time.Hour},
	"LimitExceeded.PhoneNumberDailyLimit":            {Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
	"LimitExceeded.PhoneNumberSameContentDailyLimit": {Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
	"LimitExceeded.DeliveryFrequencyLimit":           {Scope: smscode.ScopeNumber},
}, "InternalError")
