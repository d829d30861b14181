package tencent

import (
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// codes are those of SendSms (cloud.tencent.com/document/api/382/59177) and of
// the API before it (cloud.tencent.com/document/api/382/52075).
var codes = delivery.NewCodes(map[delivery.Reason][]string{
	delivery.Auth: {
		"AuthFailure", "UnauthorizedOperation", "InvalidParameterValue.SdkAppIdNotExist",
		"InternalError.SigVerificationFail", "InternalError.SigFieldMissing", "InternalError.RequestTimeException",
	},
	delivery.Balance:   {"FailedOperation.InsufficientBalanceInSmsPackage", "UnauthorizedOperation.ServiceSuspendDueToArrears"},
	delivery.Signature: {"FailedOperation.SignatureIncorrectOrUnapproved"},
	delivery.Template: {
		"FailedOperation.TemplateIncorrectOrUnapproved", "FailedOperation.TemplateUnapprovedOrNotExist",
		"FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "InvalidParameterValue.TemplateParameterFormatError",
		"InvalidParameterValue.TemplateParameterLengthLimit", "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
		"InvalidParameterValue.TemplateWithDynamicParameters",
	},
	delivery.Content: {"FailedOperation.ContainSensitiveWord", "InvalidParameterValue.ContentLengthLimit"},
	delivery.Number: {
		"InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.PhoneNumberParseFail",
		"MissingParameter.EmptyPhoneNumberSet", "LimitExceeded.PhoneNumberCountLimit",
	},
	delivery.Blocked: {"FailedOperation.PhoneNumberInBlacklist", "FailedOperation.PhoneNumberOnBlacklist"},
	delivery.Region:  {"UnsupportedOperation", "LimitExceeded.AppCountryOrRegionInBlacklist"},
	delivery.Throttled: {
		"LimitExceeded.PhoneNumberThirtySecondLimit", "LimitExceeded.PhoneNumberOneHourLimit",
		"LimitExceeded.PhoneNumberDailyLimit", "LimitExceeded.PhoneNumberSameContentDailyLimit",
		"LimitExceeded.DeliveryFrequencyLimit", "LimitExceeded", "RequestLimitExceeded",
	},
	delivery.Unavailable: {"InternalError.RestApiInterfaceNotExist", "ResourceUnavailable"},
}, map[string]delivery.Limit{
	"LimitExceeded.PhoneNumberThirtySecondLimit":     {Scope: delivery.ScopeNumber, Wait: 30 * time.Second},
	"LimitExceeded.PhoneNumberOneHourLimit":          {Scope: delivery.ScopeNumber, Wait: time.Hour},
	"LimitExceeded.PhoneNumberDailyLimit":            {Scope: delivery.ScopeNumber, Wait: 24 * time.Hour},
	"LimitExceeded.PhoneNumberSameContentDailyLimit": {Scope: delivery.ScopeNumber, Wait: 24 * time.Hour},
	"LimitExceeded.DeliveryFrequencyLimit":           {Scope: delivery.ScopeNumber},
}, "InternalError")
