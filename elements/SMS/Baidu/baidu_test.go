package baidu_test

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
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	baidu "github.com/lintel-run/lintel/elements/SMS/Baidu"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	key      = "canaryAccessKey0123456789abcdef"
	secret   = "canarySecretKey0123456789abcdef"
	jsonType = "application/json; charset=utf-8"
	yes      = `{"requestId":"R-1","code":"1000","message":"ok","data":[{"code":"1000","message":"ok","mobile":"1","messageId":"m-1"}]}`
)

// authorization implements bce-auth-v1 from the vendor's page
// (cloud.baidu.com/doc/Reference/s/njwvz1yfu). headers are the ones to sign.
func authorization(key, secret, date, method, path, query string, headers map[string]string) string {
	mac := func(key, s string) string {
		m := hmac.New(sha256.New, []byte(key))
		io.WriteString(m, s)
		return hex.EncodeToString(m.Sum(nil))
	}
	encode := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-_.~", c) >= 0 {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		return b.String()
	}
	var names, lines, pairs []string
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		lines = append(lines, encode(name)+":"+encode(headers[name]))
	}
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name != "" {
			pairs = append(pairs, encode(name)+"="+encode(value))
		}
	}
	sort.Strings(pairs)
	prefix := "bce-auth-v1/" + key + "/" + date + "/1800"
	canonical := method + "\n" + path + "\n" + strings.Join(pairs, "&") + "\n" + strings.Join(lines, "\n")
	return prefix + "/" + strings.Join(names, ";") + "/" + mac(mac(secret, prefix), canonical)
}

// The vendor's page on this signature publishes this vector.
func TestSignatureRuleGivesTheVendorsVector(t *testing.T) {
	require.True(t, strings.HasSuffix(authorization("0b0f67dfb88244b289b72b142befad0c", "bad522c2126a4618a8125f4b6cf6356f", "2015-04-27T08:23:49Z",
		"PUT", "/v1/test/myfolder/readme.txt", "partNumber=9&uploadId=VXBsb2FkIElpZS5tMnRzIHVwbG9hZA", map[string]string{
			"host": "bj.bcebos.com", "content-type": "text/plain", "content-length": "8",
			"content-md5": "0a52730597fb4ffa01fc117d9e71e3a9", "x-bce-date": "2015-04-27T08:23:49Z",
		}), "/a19e6386e990691aca1114a20357c83713f1cb4be3d74942bb4ed37469ecdacf"))
}

func config(endpoint, more string) string {
	return fmt.Sprintf(`{"accessKey":%q,"accessSecret":%q,"verifySign":"sms-sign-1","verifyTemplateCode":"sms-tmpl-1","endpoint":%q%s}`, key, secret, endpoint, more)
}

type request struct {
	*http.Request
	body string
}

func standIn(t *testing.T, answers ...string) (endpoint string, seen *[]request) {
	seen = &[]request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		*seen = append(*seen, request{r, string(raw)})
		w.Header().Set("Content-Type", jsonType)
		io.WriteString(w, answers[min(len(*seen), len(answers))-1])
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func args(phones ...string) sdktest.Args {
	return sdktest.Args{"phoneList": phones, "params": map[string]any{"minutes": 5, "code": "049302", "product": "p"}}
}

func requireSigned(t *testing.T, r request, path string) {
	t.Helper()
	date := r.Header.Get("X-Bce-Date")
	at, err := time.Parse(time.RFC3339, date)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	query, err := url.QueryUnescape(r.URL.RawQuery)
	require.NoError(t, err)
	require.Equal(t, authorization(key, secret, date, r.Method, path, query, map[string]string{"host": r.Host, "x-bce-date": date}),
		r.Header.Get("Authorization"))
}

func TestRequest(t *testing.T) {
	for _, path := range []string{"", "/gate way"} {
		endpoint, seen := standIn(t, yes)
		sms := sdktest.Open(t, baidu.Type(), config(endpoint+strings.ReplaceAll(path, " ", "%20"), `,"verifyParams":["code","minutes"]`))
		out, err := sms.Call(context.Background(), "sendMessage", args("+8613800138000"))
		require.NoError(t, err)
		require.Equal(t, map[string]any{"vendor": "Baidu", "requestId": "R-1",
			"results": []any{map[string]any{"phone": "+8613800138000", "messageId": "m-1", "status": "accepted"}}}, out)
		r := (*seen)[0]
		require.Equal(t, "POST", r.Method)
		require.Equal(t, path+"/api/v3/sendSms", r.URL.Path)
		require.JSONEq(t, `{"mobile":"13800138000","template":"sms-tmpl-1","signatureId":"sms-sign-1","contentVar":{"code":"049302","minutes":"5"}}`, r.body)
		requireSigned(t, r, r.URL.EscapedPath())
	}
}

func TestEachMessageHasAnIdempotencyTokenOfItsOwn(t *testing.T) {
	endpoint, seen := standIn(t, yes)
	sms := sdktest.Open(t, baidu.Type(), config(endpoint, ""))
	for range 2 {
		_, err := sms.Call(context.Background(), "sendMessage", args("+8613800138000", "+886951234567"))
		require.NoError(t, err)
	}
	var tokens []string
	for _, r := range *seen {
		tokens = append(tokens, r.URL.Query().Get("clientToken"))
		require.Regexp(t, `^[0-9a-z]{32}$`, tokens[len(tokens)-1])
	}
	require.NotEqual(t, tokens[0], tokens[1])
	require.Equal(t, tokens[:2], tokens[2:], "the same request again is the same message")
	require.Contains(t, (*seen)[1].body, `"mobile":"+886951234567"`)
}

func TestNothingButBothCodesIsAccepted(t *testing.T) {
	for answer, want := range map[string]string{
		`{"requestId":"R","code":"1000","data":[{"code":"4507","message":"m"}]}`: "4507 number",
		`{"requestId":"R","code":"4601","data":[{"code":"4507"}]}`:               "4507 number",
	} {
		endpoint, _ := standIn(t, answer)
		_, err := sdktest.Open(t, baidu.Type(), config(endpoint, "")).Call(context.Background(), "sendMessage", args("+8613800138000"))
		e := deliverytest.Coded(t, err)
		require.Equal(t, want, fmt.Sprint(e.Details["vendorCode"], " ", e.Details["reason"]), answer)
	}
	for _, answer := range []string{
		`{"requestId":"R","code":"1000"}`, `{"requestId":"R","code":"1000","data":[]}`, `{"code":"1000","data":[{"messageId":"1"}]}`,
		`{"code":1000,"data":[{"code":1000}]}`, `{"data":[{"code":"1000","messageId":"1"}]}`,
	} {
		endpoint, _ := standIn(t, answer)
		_, err := sdktest.Open(t, baidu.Type(), config(endpoint, "")).Call(context.Background(), "sendMessage", args("+8613800138000"))
		require.ErrorIs(t, err, smscode.Failed, answer)
	}
}

func TestCheckAsksForTheTemplate(t *testing.T) {
	endpoint, seen := standIn(t, `{"templateId":"sms-tmpl-1","status":"ABORTED"}`, `{"quotaPerDay":1}`)
	steps := sdktest.Check(t, baidu.Type(), config(endpoint, "")).GetSteps()
	require.Len(t, steps, 3)
	require.Equal(t, "template", steps[2].GetName())
	require.Equal(t, "GET /sms/v3/template/sms-tmpl-1", (*seen)[0].Method+" "+(*seen)[0].RequestURI)
	requireSigned(t, (*seen)[0], "/sms/v3/template/sms-tmpl-1")

	steps = sdktest.Check(t, baidu.Type(), fmt.Sprintf(`{"accessKey":%q,"accessSecret":%q,"verifySign":"text","endpoint":%q}`, key, secret, endpoint)).GetSteps()
	require.False(t, steps[0].GetOk())
	require.True(t, steps[1].GetOk())
	require.Equal(t, "/sms/v3/quota?userQuery=", (*seen)[1].RequestURI)
	requireSigned(t, (*seen)[1], "/sms/v3/quota")
}

func TestWhatEveryVendorHolds(t *testing.T) {
	codes := []deliverytest.Code{{Code: "InternalError"}, {Code: "InternalError", Status: 500}, {Code: "4501", Status: 400, Reason: smscode.Other}}
	for reason, list := range map[smscode.Reason][]string{
		smscode.Auth:      {"6002", "6005", "6013", "SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "RequestExpired"},
		smscode.Balance:   {"6012"},
		smscode.Signature: {"6006"},
		smscode.Template:  {"4601", "4602", "4603", "4605", "4606", "4607", "4608", "4609", "4610"},
		smscode.Content:   {"4508"},
		smscode.Number:    {"4503", "4507", "4511"},
		smscode.Blocked:   {"4641", "4642", "4643", "4651", "4652", "4653"},
		smscode.Throttled: {"RequestLimitExceeded"},
		smscode.Other:     {"4502", "4504", "4518"},
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
		Type:     baidu.Type(),
		Config:   map[string]any{"accessKey": key, "accessSecret": secret, "verifySign": "sms-sign-1", "verifyTemplateCode": "sms-tmpl-1"},
		Secrets:  []string{key, secret},
		Accepted: deliverytest.Answer{Type: jsonType, Body: yes},
		Refusal: func(code, requestID string) deliverytest.Answer {
			return deliverytest.Answer{Status: 400, Type: jsonType, Body: fmt.Sprintf(`{"requestId":%q,"code":%q,"message":%q}`, requestID, code, code)}
		},
		Codes:            codes,
		RightCredentials: &deliverytest.Answer{Type: jsonType, Body: `{"templateId":"sms-tmpl-1","status":"READY"}`},
		WrongCredentials: &deliverytest.Answer{Status: 400, Type: jsonType, Body: `{"requestId":"R","code":"SignatureDoesNotMatch","message":"m"}`},
	})
}
