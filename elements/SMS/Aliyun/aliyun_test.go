package aliyun_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	aliyun "github.com/lintel-run/lintel/elements/SMS/Aliyun"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	key    = "LTAIcanaryKEY"
	secret = "canarySECRET0123456789"
	code   = "493027"
	phone  = "+8613800138000"
)

// percent encodes a text to be signed as RFC 3986 does.
func percent(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}

// signature implements the vendor's signature (help.aliyun.com/document_detail/101343.html)
// from its page, not from the SDK.
func signature(method, secret string, params url.Values) string {
	var names []string
	for name := range params {
		if name != "Signature" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, percent(name)+"="+percent(params.Get(name)))
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	io.WriteString(mac, method+"&%2F&"+percent(strings.Join(pairs, "&")))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// The vendor's page on the signature of SendSms publishes this vector.
func TestSignatureRuleGivesTheVendorsVector(t *testing.T) {
	params := url.Values{
		"AccessKeyId": {"testId"}, "Action": {"SendSms"}, "Format": {"XML"}, "OutId": {"123"}, "PhoneNumbers": {"15300000001"},
		"RegionId": {"cn-hangzhou"}, "SignName": {"阿里云短信测试专用"}, "SignatureMethod": {"HMAC-SHA1"},
		"SignatureNonce": {"45e25e9b-0a6f-4070-8c85-2956eda1b466"}, "SignatureVersion": {"1.0"}, "TemplateCode": {"SMS_71390007"},
		"TemplateParam": {`{"customer":"test"}`}, "Timestamp": {"2017-07-12T02:42:19Z"}, "Version": {"2017-05-25"},
	}
	require.Equal(t, "zJDF+Lrzhj/ThnlvIToysFRq6t4=", signature("GET", "testSecret", params))
}

func config(endpoint string, more string) string {
	return fmt.Sprintf(`{"accessKey":%q,"accessSecret":%q,"verifySign":"灯","verifyTemplateCode":"SMS_1","endpoint":%q%s}`, key, secret, endpoint, more)
}

var args = sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"minutes": 5, "code": code, "product": "p"}}

func answering(t *testing.T, status int, body string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestRequestIsSignedAndKeepsThePersonOutOfTheURL(t *testing.T) {
	var query, form url.Values
	var uri string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		query, uri = r.URL.Query(), r.RequestURI
		form, _ = url.ParseQuery(string(raw))
		io.WriteString(w, `{"Message":"OK","RequestId":"R-1","Code":"OK","BizId":"9006^0"}`)
	}))
	defer s.Close()
	sms := sdktest.Open(t, aliyun.Type(), config(s.URL+"/gateway", `,"verifyParams":["code","minutes"]`))
	out, err := sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"vendor": "Aliyun", "requestId": "R-1",
		"results": []any{map[string]any{"phone": phone, "messageId": "9006^0", "status": "accepted"}},
	}, out)

	require.True(t, strings.HasPrefix(uri, "/gateway/?"), uri)
	for _, hidden := range []string{"13800138000", code, key, secret, "Signature=", url.QueryEscape("灯")} {
		require.NotContains(t, uri, hidden)
	}
	all := url.Values{}
	for name, v := range query {
		all[name] = v
	}
	for name, v := range form {
		require.NotContains(t, all, name, "a parameter may be there only once")
		all[name] = v
	}
	require.Equal(t, signature("POST", secret, all), all.Get("Signature"))
	require.Equal(t, "SendSms", all.Get("Action"))
	require.Equal(t, "2017-05-25", all.Get("Version"))
	require.Equal(t, "13800138000", all.Get("PhoneNumbers"))
	require.Equal(t, "灯", all.Get("SignName"))
	require.Equal(t, "SMS_1", all.Get("TemplateCode"))
	require.Equal(t, key, all.Get("AccessKeyId"))
	require.JSONEq(t, `{"code":"493027","minutes":"5"}`, all.Get("TemplateParam"))
}

func TestACallsTemplateSignAndVariablesWin(t *testing.T) {
	var form url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = r.Form
		io.WriteString(w, `{"Code":"OK","BizId":"1"}`)
	}))
	defer s.Close()
	sms := sdktest.Open(t, aliyun.Type(), config(s.URL, ""))
	_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{
		"phoneList": []string{"+85255550100"}, "params": map[string]any{"code": code, "minutes": "5"},
		"verifyTemplateCode": "SMS_2", "verifySign": "other", "verifyParams": []string{"minutes"},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"85255550100", "SMS_2", "other", `{"minutes":"5"}`},
		[]string{form.Get("PhoneNumbers"), form.Get("TemplateCode"), form.Get("SignName"), form.Get("TemplateParam")})
}

func send(t *testing.T, endpoint, more string) (*sdktest.Instance, *errcode.Error) {
	t.Helper()
	sms := sdktest.Open(t, aliyun.Type(), config(endpoint, more))
	_, err := sms.Call(context.Background(), "sendMessage", args)
	var e *errcode.Error
	require.True(t, errors.As(err, &e), "accepted, or an error without a code: %v", err)
	return sms, e
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		status        int
		code, message string
		reason        smscode.Reason
		scope         smscode.Scope
		wait          time.Duration
	}{
		{200, "isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", smscode.Throttled, smscode.ScopeNumber, time.Minute},
		{200, "isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", smscode.Throttled, smscode.ScopeNumber, time.Hour},
		{200, "isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10", smscode.Throttled, smscode.ScopeNumber, 24 * time.Hour},
		{200, "isv.BUSINESS_LIMIT_CONTROL", "", smscode.Throttled, smscode.ScopeNumber, 0},
		{200, "isv.DAY_LIMIT_CONTROL", "", smscode.Throttled, smscode.ScopeAccount, 0},
		{200, "isv.MONTH_LIMIT_CONTROL", "", smscode.Throttled, smscode.ScopeAccount, 0},
		{400, "Throttling.User", "", smscode.Throttled, smscode.ScopeAccount, 0},
		{503, "Throttling", "", smscode.Throttled, smscode.ScopeAccount, 0},
		{200, "isv.MOBILE_NUMBER_ILLEGAL", "", smscode.Number, "", 0},
		{200, "isv.MOBILE_COUNT_OVER_LIMIT", "", smscode.Number, "", 0},
		{200, "isv.BLACK_KEY_CONTROL_LIMIT", "", smscode.Blocked, "", 0},
		{200, "isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "", smscode.Region, "", 0},
		{200, "isv.DENY_IP_RANGE", "", smscode.Region, "", 0},
		{200, "isv.SMS_TEMPLATE_ILLEGAL", "", smscode.Template, "", 0},
		{200, "isv.TEMPLATE_MISSING_PARAMETERS", "", smscode.Template, "", 0},
		{200, "isv.TEMPLATE_PARAMS_ILLEGAL", "", smscode.Template, "", 0},
		{200, "isv.INVALID_JSON_PARAM", "", smscode.Template, "", 0},
		{200, "isv.PARAM_LENGTH_LIMIT", "", smscode.Template, "", 0},
		{200, "isv.PARAM_NOT_SUPPORT_URL", "", smscode.Template, "", 0},
		{200, "isv.SMS_SIGNATURE_ILLEGAL", "", smscode.Signature, "", 0},
		{200, "isv.SMS_SIGN_ILLEGAL", "", smscode.Signature, "", 0},
		{200, "isv.SIGN_STATE_ILLEGAL", "", smscode.Signature, "", 0},
		{200, "isv.SMS_SIGNATURE_SCENE_ILLEGAL", "", smscode.Signature, "", 0},
		{200, "isv.SMS_CONTENT_ILLEGAL", "", smscode.Content, "", 0},
		{200, "isv.AMOUNT_NOT_ENOUGH", "", smscode.Balance, "", 0},
		{200, "isv.OUT_OF_SERVICE", "", smscode.Balance, "", 0},
		{404, "InvalidAccessKeyId.NotFound", "", smscode.Auth, "", 0},
		{400, "InvalidAccessKeyId.Inactive", "", smscode.Auth, "", 0},
		{400, "SignatureDoesNotMatch", "", smscode.Auth, "", 0},
		{400, "SignatureNonceUsed", "", smscode.Auth, "", 0},
		{200, "isp.RAM_PERMISSION_DENY", "", smscode.Auth, "", 0},
		{403, "Forbidden.RAM", "", smscode.Auth, "", 0},
		{200, "isv.PRODUCT_UN_SUBSCRIPT", "", smscode.Auth, "", 0},
		{200, "isv.PRODUCT_UNSUBSCRIBE", "", smscode.Auth, "", 0},
		{403, "NoPermission", "", smscode.Auth, "", 0},
		{200, "isv.ACCOUNT_NOT_EXISTS", "", smscode.Auth, "", 0},
		{200, "isv.ACCOUNT_ABNORMAL", "", smscode.Auth, "", 0},
		{200, "isp.SYSTEM_ERROR", "", smscode.Unavailable, "", 0},
		{200, "isv.SOMETHING_NEW", "", smscode.Other, "", 0},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s %s", c.code, c.wait), func(t *testing.T) {
			body, _ := json.Marshal(map[string]string{"Code": c.code, "Message": c.message, "RequestId": "R-9"})
			_, e := send(t, answering(t, c.status, string(body)).URL, "")
			require.Equal(t, smscode.Refused, e.Code)
			want := map[string]any{"reason": string(c.reason), "vendorCode": c.code, "vendorRequestId": "R-9"}
			if c.scope != "" {
				want["scope"] = string(c.scope)
			}
			require.Equal(t, want, e.Details)
			require.Equal(t, c.wait, e.RetryAfter)
		})
	}
}

func TestWhatIsNoClearAnswerIsUnknown(t *testing.T) {
	long := `{"Code":"OK","BizId":"1","Message":"` + strings.Repeat("x", 10<<20) + `"}`
	cases := []struct {
		name   string
		status int
		body   string
	}{
		{"empty", 200, ""}, {"empty object", 200, "{}"}, {"HTML", 200, "<html>OK</html>"}, {"null", 200, "null"},
		{"500 with nothing", 500, ""}, {"500 that says OK", 500, `{"Code":"OK"}`}, {"503", 503, `{"Code":"ServiceUnavailable"}`},
		{"500 with a code of no table", 500, `{"Code":"InternalError"}`}, {"a code that is a number", 400, `{"Code":5,"Message":{}}`},
		{"lower-case ok", 200, `{"Code":["OK"]}`}, {"10 MB", 200, long}, {"10 MB of spaces", 200, `{"Code":"OK"}` + strings.Repeat(" ", 10<<20)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, e := send(t, answering(t, c.status, c.body).URL, "")
			require.Equal(t, smscode.Failed, e.Code)
			require.Equal(t, errcode.OutcomeUnknown, e.Details["outcome"])
		})
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	followed := answering(t, 200, `{"Code":"OK","BizId":"1"}`)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := httptest.NewServer(http.RedirectHandler(followed.URL, status))
		_, e := send(t, s.URL, "")
		require.Equal(t, smscode.Failed, e.Code, status)
		s.Close()
	}
}

func TestSlowAndBrokenConnections(t *testing.T) {
	var requests atomic.Int32
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
	}))
	defer slow.Close()
	watch := pace.Start(t)
	_, e := send(t, slow.URL, `,"timeout":1000`)
	require.Equal(t, smscode.Failed, e.Code)
	watch.Within(t, 2*time.Second)
	require.EqualValues(t, 1, requests.Load())

	requests.Store(0)
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, _ := w.(http.Hijacker).Hijack()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Code\":\"OK\"}")
		conn.Close()
	}))
	defer cut.Close()
	_, e = send(t, cut.URL, "")
	require.Equal(t, smscode.Failed, e.Code)
	require.EqualValues(t, 1, requests.Load())

	gone := answering(t, 200, "")
	gone.Close()
	_, e = send(t, gone.URL, "")
	require.Equal(t, smscode.Refused, e.Code)
	require.Equal(t, string(smscode.Unavailable), e.Details["reason"])
}

// The vendor echoes the request; errors and logs must not contain it.
func TestNothingSensitiveInErrorsAndLogs(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(raw))
		body, _ := json.Marshal(map[string]string{
			"Code": "isv." + form.Get("PhoneNumbers"), "Message": string(raw) + r.RequestURI,
			"RequestId": form.Get("AccessKeyId"), "BizId": form.Get("TemplateParam"),
		})
		w.WriteHeader(http.StatusBadRequest)
		w.Write(body)
	}))
	defer echo.Close()
	gone := answering(t, 200, "")
	gone.Close()
	for _, endpoint := range []string{echo.URL, gone.URL} {
		sms, e := send(t, endpoint, "")
		seen := fmt.Sprintf("%v %+v %s", e, e.Details, sms.Log())
		for _, hidden := range []string{"13800138000", code, key, secret, "Signature"} {
			require.NotContains(t, seen, hidden)
		}
	}
}

func TestManyAtOnceShareThePoolAndNothingElse(t *testing.T) {
	var mu sync.Mutex
	connections := map[string]bool{}
	codes := map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		mu.Lock()
		connections[r.RemoteAddr] = true
		codes[r.Form.Get("PhoneNumbers")] = r.Form.Get("TemplateParam")
		mu.Unlock()
		fmt.Fprintf(w, `{"Code":"OK","BizId":%q}`, "b"+r.Form.Get("PhoneNumbers")[3:])
	}))
	defer s.Close()
	sms := sdktest.Open(t, aliyun.Type(), config(s.URL, ""))
	const callers, each = 64, 10
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range each {
				n := fmt.Sprintf("138%04d%04d", i, j)
				var got delivery.SendResult
				err := sms.CallInto(context.Background(), "sendMessage", sdktest.Args{
					"phoneList": []string{"+86" + n}, "params": map[string]any{"code": n[3:]},
				}, &got)
				if err != nil || got.Results[0].MessageID != "b"+n[3:] {
					t.Errorf("%v %+v", err, got)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, codes, callers*each)
	for n, param := range codes {
		require.JSONEq(t, fmt.Sprintf(`{"code":%q}`, n[3:]), param)
	}
	require.LessOrEqual(t, len(connections), callers+8)
}

func TestConfigurationIsChecked(t *testing.T) {
	_, wrong := sdktest.TryOpen(t, aliyun.Type(), config("http://sms.example.com", ""))
	require.Len(t, wrong, 1)
	require.Equal(t, "/endpoint", wrong[0].GetPointer())
	sms := sdktest.Open(t, aliyun.Type(), config("http://sms.example.com", `,"allowPlainHTTP":true`))
	require.Len(t, sms.Warnings, 1)
	sms = sdktest.Open(t, aliyun.Type(), `{"accessKey":"k","accessSecret":"s"}`)
	_, err := sms.Call(context.Background(), "sendMessage", args)
	require.ErrorIs(t, err, smscode.Params)
}
