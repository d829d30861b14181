package tencent_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tencent "github.com/lintel-run/lintel/elements/SMS/Tencent"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	id       = "AKIDcanaryIdentity"
	key      = "canaryKey0123456789"
	jsonType = "application/json"
	yes      = `{"Response":{"SendStatusSet":[{"SerialNo":"5000:1","PhoneNumber":"+86","Fee":1,"SessionContext":"","Code":"Ok","Message":"send success","IsoCode":"CN"}],"RequestId":"R-1"}}`
)

// authorization implements TC3-HMAC-SHA256 from the vendor's page
// (cloud.tencent.com/document/api/382/52072).
func authorization(id, key, service, contentType, host string, timestamp int64, body string) string {
	hash := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	mac := func(key, s string) string {
		m := hmac.New(sha256.New, []byte(key))
		io.WriteString(m, s)
		return string(m.Sum(nil))
	}
	canonical := "POST\n/\n\ncontent-type:" + contentType + "\nhost:" + host + "\n\ncontent-type;host\n" + hash(body)
	date := time.Unix(timestamp, 0).UTC().Format("2006-01-02")
	scope := date + "/" + service + "/tc3_request"
	signing := mac(mac(mac("TC3"+key, date), service), "tc3_request")
	signature := hex.EncodeToString([]byte(mac(signing, fmt.Sprintf("TC3-HMAC-SHA256\n%d\n%s\n%s", timestamp, scope, hash(canonical)))))
	return fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=content-type;host, Signature=%s", id, scope, signature)
}

// The vendor's page on this signature publishes this vector.
func TestSignatureRuleGivesTheVendorsVector(t *testing.T) {
	require.Contains(t, authorization("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm",
		"application/json; charset=utf-8", "cvm.tencentcloudapi.com", 1551113065,
		`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`),
		"Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")
}

func config(endpoint, more string) string {
	return fmt.Sprintf(`{"secretId":%q,"secretKey":%q,"sdkAppId":"1400006666","verifyTemplateCode":"1110","endpoint":%q%s}`, id, key, endpoint, more)
}

// request is a request to a stand-in.
type request struct {
	*http.Request
	body string
}

func standIn(t *testing.T, answer string) (url string, seen *request) {
	seen = &request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		seen.Request, seen.body = r, string(raw)
		w.Header().Set("Content-Type", jsonType)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func args(phone string) sdktest.Args {
	return sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"minutes": 5, "code": "049302", "product": "p"}}
}

func requireSigned(t *testing.T, r *request) {
	t.Helper()
	timestamp, err := strconv.ParseInt(r.Header.Get("X-TC-Timestamp"), 10, 64)
	require.NoError(t, err)
	require.InDelta(t, time.Now().Unix(), timestamp, 60)
	require.Equal(t, authorization(id, key, "sms", r.Header.Get("Content-Type"), r.Host, timestamp, r.body), r.Header.Get("Authorization"))
}

func TestRequest(t *testing.T) {
	url, seen := standIn(t, yes)
	sms := sdktest.Open(t, tencent.Type(), config(url, `,"verifySign":"灯 & <b>","verifyParams":["code","minutes"]`))
	out, err := sms.Call(context.Background(), "sendMessage", args("+8613800138000"))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"vendor": "Tencent", "requestId": "R-1", "results": []any{
		map[string]any{"phone": "+8613800138000", "messageId": "5000:1", "status": "accepted"}}}, out)
	require.Equal(t, "POST /", seen.Method+" "+seen.RequestURI)
	require.Equal(t, []string{"SendSms", "2021-01-11", "ap-guangzhou"},
		[]string{seen.Header.Get("X-TC-Action"), seen.Header.Get("X-TC-Version"), seen.Header.Get("X-TC-Region")})
	requireSigned(t, seen)
	require.JSONEq(t, `{"PhoneNumberSet":["+8613800138000"],"SmsSdkAppId":"1400006666","SignName":"灯 & <b>","TemplateId":"1110",
		"TemplateParamSet":["049302","5"],"SessionContext":"test-request"}`, seen.body)
}

func TestEndpointAndRegionAreTheInstances(t *testing.T) {
	url, seen := standIn(t, yes)
	sms := sdktest.Open(t, tencent.Type(), config(url+"/gateway/", `,"verifySign":"s","region":"ap-singapore","verifyParams":[]`))
	_, err := sms.Call(context.Background(), "sendMessage", args("+8613800138000"))
	require.NoError(t, err)
	require.Equal(t, "/gateway", seen.RequestURI)
	require.Equal(t, "ap-singapore", seen.Header.Get("X-TC-Region"))
	requireSigned(t, seen)
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(seen.body), &body))
	require.Equal(t, []any{}, body["TemplateParamSet"])
}

// Mainland templates have a sign; those for other countries have none.
func TestNumbersAndRegions(t *testing.T) {
	for _, c := range []struct{ phone, sign, reason string }{
		{"+8613800138000", "s", ""}, {"+14155550100", "", ""}, {"+85291234567", "", ""},
		{"+14155550100", "s", "region"}, {"+85291234567", "s", "region"}, {"+8613800138000", "", "signature"},
	} {
		t.Run(c.phone+c.sign, func(t *testing.T) {
			url, seen := standIn(t, yes)
			sms := sdktest.Open(t, tencent.Type(), config(url, fmt.Sprintf(`,"verifySign":%q`, c.sign)))
			_, err := sms.Call(context.Background(), "sendMessage", args(c.phone))
			if c.reason == "" {
				require.NoError(t, err)
				require.Contains(t, seen.body, `"PhoneNumberSet":["`+c.phone+`"]`)
				require.Equal(t, c.sign != "", strings.Contains(seen.body, "SignName"))
				return
			}
			e, _ := errcode.As(err)
			require.Equal(t, smscode.Refused, e.Code)
			require.Equal(t, c.reason, e.Details["reason"])
			require.Nil(t, seen.Request)
		})
	}
}

func TestBothKindsOfRefusalComeWithStatus200(t *testing.T) {
	for _, answer := range []string{
		`{"Response":{"Error":{"Code":"FailedOperation.ContainSensitiveWord","Message":"m"},"RequestId":"R"}}`,
		`{"Response":{"SendStatusSet":[{"SerialNo":"","Code":"FailedOperation.ContainSensitiveWord","Message":"m"}],"RequestId":"R"}}`,
	} {
		url, _ := standIn(t, answer)
		_, err := sdktest.Open(t, tencent.Type(), config(url, `,"verifySign":"s"`)).Call(context.Background(), "sendMessage", args("+8613800138000"))
		e, _ := errcode.As(err)
		require.Equal(t, map[string]any{"reason": "content", "vendorCode": "FailedOperation.ContainSensitiveWord", "vendorRequestId": "R"}, e.Details)
	}
	for _, answer := range []string{
		`{"Response":{"SendStatusSet":[],"RequestId":"R"}}`, `{"Response":{"SendStatusSet":[{"SerialNo":"1","Code":"ok"}]}}`,
		`{"Response":{"SendStatusSet":[{"SerialNo":"1","Code":""}]}}`, `{"Response":{"RequestId":"R"}}`,
		`{"Response":{"SendStatusSet":[{"SerialNo":"1","Code":"Ok"},{"SerialNo":"2","Code":"Ok"}]}}`,
		`{"SendStatusSet":[{"SerialNo":"1","Code":"Ok"}]}`,
	} {
		url, _ := standIn(t, answer)
		_, err := sdktest.Open(t, tencent.Type(), config(url, `,"verifySign":"s"`)).Call(context.Background(), "sendMessage", args("+8613800138000"))
		require.Error(t, err, answer)
	}
}

func TestCheckAsksForTheTemplate(t *testing.T) {
	url, seen := standIn(t, `{"Response":{"DescribeTemplateStatusSet":[{"TemplateId":1110,"International":0,"StatusCode":1}],"RequestId":"R"}}`)
	steps := sdktest.Check(t, tencent.Type(), config(url, `,"verifySign":"s"`)).GetSteps()
	require.Len(t, steps, 3)
	require.True(t, steps[1].GetOk())
	require.False(t, steps[2].GetOk(), "a template that isn't approved")
	require.Equal(t, "DescribeSmsTemplateList", seen.Header.Get("X-TC-Action"))
	require.JSONEq(t, `{"International":0,"TemplateIdSet":[1110]}`, seen.body)
	requireSigned(t, seen)

	url, _ = standIn(t, `{"Response":{"Error":{"Code":"AuthFailure.UnauthorizedOperation","Message":"m"},"RequestId":"R"}}`)
	steps = sdktest.Check(t, tencent.Type(), config(url, "")).GetSteps()
	require.True(t, steps[1].GetOk(), "a user that may only send")

	steps = sdktest.Check(t, tencent.Type(), fmt.Sprintf(`{"secretId":"i","secretKey":"k","sdkAppId":"x","verifyTemplateCode":"SMS_1","endpoint":%q}`, url)).GetSteps()
	require.Contains(t, steps[0].GetMessage(), "sdkAppId")
	require.Contains(t, steps[0].GetMessage(), "verifyTemplateCode")
}

func TestWhatEveryVendorHolds(t *testing.T) {
	codes := []deliverytest.Code{
		{Code: "LimitExceeded.PhoneNumberThirtySecondLimit", Reason: smscode.Throttled, Scope: smscode.ScopeNumber, Wait: 30 * time.Second},
		{Code: "LimitExceeded.PhoneNumberOneHourLimit", Reason: smscode.Throttled, Scope: smscode.ScopeNumber, Wait: time.Hour},
		{Code: "LimitExceeded.PhoneNumberDailyLimit", Reason: smscode.Throttled, Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
		{Code: "LimitExceeded.PhoneNumberSameContentDailyLimit", Reason: smscode.Throttled, Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
		{Code: "LimitExceeded.DeliveryFrequencyLimit", Reason: smscode.Throttled, Scope: smscode.ScopeNumber},
		{Code: "InternalError.Timeout"}, {Code: "InternalError.SendAndRecvFail"}, {Code: "InternalError.OtherError"}, {Code: "InternalError"},
	}
	for reason, list := range map[smscode.Reason][]string{
		smscode.Throttled: {"LimitExceeded.AppDailyLimit", "LimitExceeded.AppMainlandChinaDailyLimit", "LimitExceeded.AppGlobalDailyLimit",
			"LimitExceeded.DailyLimit", "LimitExceeded.GlobalSmsSendingRateLimit", "RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded"},
		smscode.Number:    {"InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.PhoneNumberParseFail", "MissingParameter.EmptyPhoneNumberSet"},
		smscode.Blocked:   {"FailedOperation.PhoneNumberInBlacklist"},
		smscode.Region:    {"UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", "UnsupportedOperation.UnsupportedRegion", "LimitExceeded.AppCountryOrRegionInBlacklist"},
		smscode.Template:  {"FailedOperation.TemplateIncorrectOrUnapproved", "FailedOperation.TemplateUnapprovedOrNotExist", "FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "InvalidParameterValue.TemplateParameterFormatError", "InvalidParameterValue.TemplateParameterLengthLimit", "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"},
		smscode.Signature: {"FailedOperation.SignatureIncorrectOrUnapproved"},
		smscode.Content:   {"FailedOperation.ContainSensitiveWord", "InvalidParameterValue.ContentLengthLimit"},
		smscode.Balance:   {"FailedOperation.InsufficientBalanceInSmsPackage", "UnauthorizedOperation.ServiceSuspendDueToArrears"},
		smscode.Auth:      {"AuthFailure.SecretIdNotFound", "AuthFailure.SignatureFailure", "AuthFailure.SignatureExpire", "UnauthorizedOperation.RequestPermissionDeny", "UnauthorizedOperation.RequestIpNotInWhitelist", "UnauthorizedOperation.SmsSdkAppIdVerifyFail", "InvalidParameterValue.SdkAppIdNotExist"},
	} {
		for _, code := range list {
			row := deliverytest.Code{Code: code, Reason: reason}
			if reason == smscode.Throttled {
				row.Scope = smscode.ScopeAccount
			}
			codes = append(codes, row)
		}
	}
	deliverytest.Run(t, deliverytest.Vendor{
		Type:     tencent.Type(),
		Config:   map[string]any{"secretId": id, "secretKey": key, "sdkAppId": "1400006666", "verifySign": "灯", "verifyTemplateCode": "1110"},
		Secrets:  []string{id, key},
		Accepted: deliverytest.Answer{Type: jsonType, Body: yes},
		Refusal: func(code, requestID string) deliverytest.Answer {
			return deliverytest.Answer{Type: jsonType, Body: fmt.Sprintf(`{"Response":{"Error":{"Code":%q,"Message":%q},"RequestId":%q}}`, code, code, requestID)}
		},
		Codes:            codes,
		RightCredentials: &deliverytest.Answer{Type: jsonType, Body: `{"Response":{"DescribeTemplateStatusSet":[{"TemplateId":1110,"StatusCode":0}],"RequestId":"R"}}`},
		WrongCredentials: &deliverytest.Answer{Type: jsonType, Body: `{"Response":{"Error":{"Code":"AuthFailure.SecretIdNotFound","Message":"m"},"RequestId":"R"}}`},
	})
}
