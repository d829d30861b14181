package aliyun_test

import (
	"fmt"
	"testing"

	aliyun "github.com/lintel-run/lintel/elements/SMS/Aliyun"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

const jsonType = "application/json;charset=utf-8"

func TestWhatEveryVendorHolds(t *testing.T) {
	deliverytest.Run(t, deliverytest.Vendor{
		Type:     aliyun.Type(),
		Config:   map[string]any{"accessKey": key, "accessSecret": secret, "verifySign": "灯", "verifyTemplateCode": "SMS_1"},
		Secrets:  []string{key, secret},
		Accepted: deliverytest.Answer{Type: jsonType, Body: `{"Message":"OK","RequestId":"R","Code":"OK","BizId":"9006^0"}`},
		Refusal: func(code, requestID string) deliverytest.Answer {
			return deliverytest.Answer{Type: jsonType, Body: fmt.Sprintf(`{"Message":%q,"RequestId":%q,"Code":%q}`, code, requestID, code)}
		},
		Codes: []deliverytest.Code{
			{Code: "isv.AMOUNT_NOT_ENOUGH", Reason: smscode.Balance},
			{Code: "isp.SYSTEM_ERROR", Reason: smscode.Unavailable},
			{Code: "Throttling.User", Status: 400, Reason: smscode.Throttled, Scope: smscode.ScopeAccount},
		},
		RightCredentials: &deliverytest.Answer{Type: jsonType, Body: `{"Code":"OK","TemplateStatus":1,"TemplateCode":"SMS_1"}`},
		WrongCredentials: &deliverytest.Answer{Status: 404, Type: jsonType, Body: `{"Code":"InvalidAccessKeyId.NotFound","Message":"no"}`},
	})
}
