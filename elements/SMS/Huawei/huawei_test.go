package huawei_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	huawei "github.com/lintel-run/lintel/elements/SMS/Huawei"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	key      = "c8RWcanaryAPPKEY"
	secret   = "canarySecret0123456789"
	jsonType = "application/json;charset=UTF-8"
	yes      = `{"code":"000000","description":"Success","result":[{"originTo":"+86","createTime":"2026-01-01T00:00:00Z","from":"csms1","smsMsgId":"m-1","status":"000000","total":1,"countryId":"CN"}]}`
)

// authorization implements the gateway's signature from its page. headers are the
// signed ones in order, each with its value.
func authorization(key, secret, method, path, query, date string, headers [][2]string, body string) string {
	hash := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	var lines, names []string
	for _, h := range headers {
		lines = append(lines, h[0]+":"+h[1]+"\n")
		names = append(names, h[0])
	}
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	canonical := method + "\n" + path + "\n" + query + "\n" + strings.Join(lines, "") + "\n" + strings.Join(names, ";") + "\n" + hash(body)
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "SDK-HMAC-SHA256\n"+date+"\n"+hash(canonical))
	return fmt.Sprintf("SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%s", key, strings.Join(names, ";"), hex.EncodeToString(mac.Sum(nil)))
}

// The vendor's SDK for Go publishes these vectors (core/auth/signer/signer_test.go).
func TestSignatureRuleGivesTheVendorsVectors(t *testing.T) {
	const date = "20060102T150405Z"
	headers := [][2]string{{"x-sdk-date", date}}
	require.Contains(t, authorization("AccessKey", "SecretKey", "GET", "/path", "limit=1", date, headers, ""),
		"Signature=5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624")
	require.Contains(t, authorization("AccessKey", "SecretKey", "POST", "/path", "key=value", date, headers, `{"Name":"test","Id":1}`+"\n"),
		"Signature=cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59")
}

func config(endpoint, sender, more string) string {
	return fmt.Sprintf(`{"appKey":%q,"appSecret":%q,"sender":%q,"verifyTemplateCode":"8ff55eac","endpoint":%q%s}`, key, secret, sender, endpoint, more)
}

type request struct {
	*http.Request
	body string
	form url.Values
}

func standIn(t *testing.T, status int, answer string) (endpoint string, seen *request) {
	seen = &request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		seen.Request, seen.body = r, string(raw)
		seen.form, _ = url.ParseQuery(seen.body)
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func args(phone string) sdktest.Args {
	return sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"minutes": 5, "code": "049302"}}
}

func TestRequest(t *testing.T) {
	for _, path := range []string{"", "/gateway"} {
		endpoint, seen := standIn(t, 200, yes)
		sms := sdktest.Open(t, huawei.Type(), config(endpoint+path, "csms12345678", `,"verifySign":"灯 & +","verifyParams":["code","minutes"]`))
		out, err := sms.Call(context.Background(), "sendMessage", args("+8613800138000"))
		require.NoError(t, err)
		require.Equal(t, []any{map[string]any{"phone": "+8613800138000", "messageId": "m-1", "status": "accepted"}}, out.(map[string]any)["results"])
		require.Equal(t, "POST "+path+"/sms/batchSendSms/v1", seen.Method+" "+seen.RequestURI)
		require.Equal(t, url.Values{"from": {"csms12345678"}, "to": {"+8613800138000"}, "templateId": {"8ff55eac"},
			"templateParas": {`["049302","5"]`}, "signature": {"灯 & +"}}, seen.form)
		date := seen.Header.Get("X-Sdk-Date")
		at, err := time.Parse("20060102T150405Z", date)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Minute)
		require.Equal(t, authorization(key, secret, "POST", path+"/sms/batchSendSms/v1", "", date,
			[][2]string{{"content-type", "application/x-www-form-urlencoded"}, {"host", seen.Host}, {"x-sdk-date", date}}, seen.body),
			seen.Header.Get("Authorization"))
	}
}

func TestNumbersAndRegions(t *testing.T) {
	for _, c := range []struct {
		phone, sender, sign string
		region              bool
	}{
		{"+8613800138000", "csms1", "s", false}, {"+8613800138000", "8823040504797", "", false}, {"+14155550100", "isms1", "", false},
		{"+14155550100", "10690400999304584", "", false},
		{"+14155550100", "csms1", "", true}, {"+14155550100", "8823040504797", "s", true}, {"+8613800138000", "isms1", "", true},
	} {
		t.Run(c.phone+c.sender, func(t *testing.T) {
			endpoint, seen := standIn(t, 200, yes)
			sms := sdktest.Open(t, huawei.Type(), config(endpoint, c.sender, fmt.Sprintf(`,"verifySign":%q`, c.sign)))
			_, err := sms.Call(context.Background(), "sendMessage", args(c.phone))
			if !c.region {
				require.NoError(t, err)
				require.Equal(t, c.phone, seen.form.Get("to"))
				require.Equal(t, c.sign != "", seen.form.Has("signature"))
				return
			}
			e, _ := errcode.As(err)
			require.Equal(t, "region", e.Details["reason"])
			require.Nil(t, seen.Request)
		})
	}
}

func TestWhereTheReasonStands(t *testing.T) {
	for answer, want := range map[string]string{
		`{"code":"000000","result":[{"smsMsgId":"1","status":"E200028"}]}`:                                      "E200028 template",
		`{"code":"E000510","description":"d","result":[{"smsMsgId":"1","status":"E200018"}]}`:                   "E200018 signature",
		`{"code":"E000510","description":"d"}`:                                                                  "E000510 other",
		`{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information","request_id":"g-1"}`: "APIGW.0301 auth",
	} {
		endpoint, _ := standIn(t, 200, answer)
		_, err := sdktest.Open(t, huawei.Type(), config(endpoint, "csms1", "")).Call(context.Background(), "sendMessage", args("+8613800138000"))
		e, _ := errcode.As(err)
		require.Equal(t, want, fmt.Sprint(e.Details["vendorCode"], " ", e.Details["reason"]), answer)
	}
	for _, answer := range []string{
		`{"code":"000000","description":"Success"}`, `{"code":"000000","result":[]}`, `{"code":"000000","result":[{"smsMsgId":"1"}]}`,
		`{"code":0,"result":[{"smsMsgId":"1","status":0}]}`, `{"result":[{"smsMsgId":"1","status":"000000"}]}`,
		`{"code":"000000","result":[{"status":"000000"},{"status":"E200028"}]}`,
	} {
		endpoint, _ := standIn(t, 200, answer)
		_, err := sdktest.Open(t, huawei.Type(), config(endpoint, "csms1", "")).Call(context.Background(), "sendMessage", args("+8613800138000"))
		require.ErrorIs(t, err, smscode.Failed, answer)
	}
}

func TestWhatEveryVendorHolds(t *testing.T) {
	codes := []deliverytest.Code{
		{Code: "E000000"}, {Code: "E000000", Status: 500}, {Code: "E999999", Status: 500},
		{Code: "E000112", Status: 403, Reason: smscode.Balance}, {Code: "E000503", Reason: smscode.Number}, {Code: "E200018", Reason: smscode.Signature},
		{Code: "E000623", Reason: smscode.Throttled, Scope: smscode.ScopeAccount}, {Code: "E200015", Reason: smscode.Throttled, Scope: smscode.ScopeAccount},
		{Code: "E200041", Reason: smscode.Throttled, Scope: smscode.ScopeNumber},
		{Code: "APIGW.0301", Status: 401, Reason: smscode.Auth},
	}
	for _, code := range []string{"E200028", "E200029", "E200030", "E200033"} {
		codes = append(codes, deliverytest.Code{Code: code, Reason: smscode.Template})
	}
	for _, code := range []string{"E000001", "E000008", "E000020", "E000027", "E000040", "E000045", "E000101", "E000106", "E000109", "E000110", "E000111", "E000620"} {
		codes = append(codes, deliverytest.Code{Code: code, Status: 401, Reason: smscode.Auth})
	}
	deliverytest.Run(t, deliverytest.Vendor{
		Type:     huawei.Type(),
		Config:   map[string]any{"appKey": key, "appSecret": secret, "sender": "csms12345678", "verifySign": "灯", "verifyTemplateCode": "8ff55eac"},
		Secrets:  []string{key, secret},
		Accepted: deliverytest.Answer{Type: jsonType, Body: yes},
		Refusal: func(code, requestID string) deliverytest.Answer {
			return deliverytest.Answer{Status: 400, Type: jsonType, Body: fmt.Sprintf(`{"code":%q,"description":%q,"request_id":%q}`, code, code, requestID)}
		},
		Codes: codes,
	})
}
