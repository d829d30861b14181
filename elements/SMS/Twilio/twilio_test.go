package twilio_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	twilio "github.com/lintel-run/lintel/elements/SMS/Twilio"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	sid      = "AC0123456789abcdef0123456789abcdef"
	token    = "fedcba9876543210fedcba9876543210"
	content  = "HX0123456789abcdef0123456789abcdef"
	jsonType = "application/json"
	yes      = `{"sid":"SM1","status":"queued","error_code":null,"error_message":null,"to":"+1"}`
)

func config(endpoint, more string) string {
	return fmt.Sprintf(`{"accountSid":%q,"authToken":%q,"endpoint":%q%s}`, sid, token, endpoint, more)
}

const from = `,"from":"+15005550006"`

type request struct {
	*http.Request
	form url.Values
}

func standIn(t *testing.T, status int, answer string) (endpoint string, seen *request) {
	seen = &request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		seen.Request = r
		seen.form, _ = url.ParseQuery(string(raw))
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Twilio-Request-Id", "RQ1")
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func args(phone string, more ...string) sdktest.Args {
	a := sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"minutes": 5, "code": "049302", "product": "Shop & Co"}}
	for i := 0; i+1 < len(more); i += 2 {
		a[more[i]] = more[i+1]
	}
	return a
}

func TestRequest(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		args sdktest.Args
		want url.Values
	}{
		"default text": {from, args("+14155550100"), url.Values{"To": {"+14155550100"}, "From": {"+15005550006"}, "Body": {"Shop & Co: 049302, valid for 5 minutes"}}},
		"own text": {`,"messagingServiceSid":"MG1","text":"${code}!"`, args("+8613800138000"),
			url.Values{"To": {"+8613800138000"}, "MessagingServiceSid": {"MG1"}, "Body": {"049302!"}}},
		"receipts": {from + `,"statusCallback":"https://shop.example/receipts/t?a=b&c=d"`, args("+14155550100"), url.Values{"To": {"+14155550100"},
			"From": {"+15005550006"}, "Body": {"Shop & Co: 049302, valid for 5 minutes"}, "StatusCallback": {"https://shop.example/receipts/t?a=b&c=d"}}},
		"content": {from + `,"contentSid":"` + content + `","verifyParams":["minutes","code"]`, args("+442079460000"),
			url.Values{"To": {"+442079460000"}, "From": {"+15005550006"}, "ContentSid": {content}, "ContentVariables": {`{"1":"5","2":"049302"}`}}},
		"a call's content": {from, args("+442079460000", "verifyTemplateCode", "HX2"),
			url.Values{"To": {"+442079460000"}, "From": {"+15005550006"}, "ContentSid": {"HX2"}, "ContentVariables": {`{"1":"049302"}`}}},
		"a call's text in place of the instance's content": {from + `,"contentSid":"` + content + `"`, args("+442079460000", "text", "moved to ${phone}"),
			url.Values{"To": {"+442079460000"}, "From": {"+15005550006"}, "Body": {"moved to "}}},
		"a call's text, and another vendor's template": {from, args("+442079460000", "verifyTemplateCode", "SMS_1", "text", "moved"),
			url.Values{"To": {"+442079460000"}, "From": {"+15005550006"}, "Body": {"moved"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"", "/gate%20way"} {
				endpoint, seen := standIn(t, 201, yes)
				out, err := sdktest.Open(t, twilio.Type(), config(endpoint+path, c.more)).Call(context.Background(), "sendMessage", c.args)
				require.NoError(t, err)
				require.Equal(t, map[string]any{"vendor": "Twilio", "requestId": "RQ1", "results": []any{
					map[string]any{"phone": c.want.Get("To"), "messageId": "SM1", "status": "accepted"}}}, out)
				require.Equal(t, "POST "+path+"/2010-04-01/Accounts/"+sid+"/Messages.json", seen.Method+" "+seen.RequestURI)
				require.Equal(t, "application/x-www-form-urlencoded", seen.Header.Get("Content-Type"))
				user, password, ok := seen.BasicAuth()
				require.Equal(t, []any{sid, token, true}, []any{user, password, ok})
				require.Equal(t, c.want, seen.form)
			}
		})
	}
}

// The SDK would read these and send elsewhere.
func TestTheEnvironmentChangesNothing(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "sydney")
	t.Setenv("TWILIO_REGION", "au1")
	t.Setenv("TWILIO_AUTH_TOKEN", "another")
	endpoint, seen := standIn(t, 201, yes)
	_, err := sdktest.Open(t, twilio.Type(), config(endpoint, from)).Call(context.Background(), "sendMessage", args("+14155550100"))
	require.NoError(t, err)
	_, password, _ := seen.BasicAuth()
	require.Equal(t, token, password)
}

func TestStatusOfTheMessage(t *testing.T) {
	for answer, want := range map[string]string{
		`{"sid":"SM1","status":"failed","error_code":30007}`:      "30007 content",
		`{"sid":"SM1","status":"undelivered","error_code":30005}`: "30005 number",
	} {
		endpoint, _ := standIn(t, 201, answer)
		_, err := sdktest.Open(t, twilio.Type(), config(endpoint, from)).Call(context.Background(), "sendMessage", args("+14155550100"))
		e := deliverytest.Coded(t, err)
		require.Equal(t, want, fmt.Sprint(e.Details["vendorCode"], " ", e.Details["reason"]))
	}
	for _, answer := range []string{`{"sid":"SM1"}`, `{"sid":"","status":"queued"}`, `{"sid":"SM1","status":"whatever"}`, `{"sid":"SM1","status":201}`} {
		endpoint, _ := standIn(t, 201, answer)
		_, err := sdktest.Open(t, twilio.Type(), config(endpoint, from)).Call(context.Background(), "sendMessage", args("+14155550100"))
		require.ErrorIs(t, err, smscode.Failed, answer)
	}
}

func TestTooManyRequestsAreNotProcessed(t *testing.T) {
	for _, body := range []string{`{"code":20429,"status":429}`, "<html>", ""} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
			io.WriteString(w, body)
		}))
		_, err := sdktest.Open(t, twilio.Type(), config(s.URL, from)).Call(context.Background(), "sendMessage", args("+14155550100"))
		e := deliverytest.Coded(t, err)
		require.Equal(t, map[string]any{"reason": "throttled", "scope": "account", "vendorCode": "20429"}, e.Details)
		require.Equal(t, 7*time.Second, e.RetryAfter)
		s.Close()
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	for more, pointer := range map[string]string{
		"": "", from + `,"messagingServiceSid":"MG1"`: "/messagingServiceSid", from + `,"text":"t","contentSid":"HX1"`: "/contentSid",
	} {
		_, wrong := sdktest.TryOpen(t, twilio.Type(), config("https://x.example", more))
		require.Len(t, wrong, 1, more)
		require.Equal(t, pointer, wrong[0].GetPointer())
	}
	endpoint, seen := standIn(t, 200, `{"sid":"`+sid+`","status":"suspended"}`)
	steps := sdktest.Check(t, twilio.Type(), fmt.Sprintf(`{"accountSid":"AC1","authToken":"t","from":"+1","endpoint":%q}`, endpoint)).GetSteps()
	require.Contains(t, steps[0].GetMessage(), "accountSid is AC")
	require.False(t, steps[1].GetOk(), "a suspended account")
	require.Equal(t, "GET /2010-04-01/Accounts/AC1.json", seen.Method+" "+seen.RequestURI)
}

func TestWhatEveryVendorHolds(t *testing.T) {
	codes := []deliverytest.Code{{Code: "20500", Status: 500}, {Code: "12345", Status: 500}}
	for reason, list := range map[smscode.Reason][]string{
		smscode.Number:    {"21211", "21614", "21612"},
		smscode.Blocked:   {"21610"},
		smscode.Region:    {"21408", "21608"},
		smscode.Template:  {"21655", "21656"},
		smscode.Signature: {"21606", "21212", "30034"},
		smscode.Content:   {"21617", "30007"},
		smscode.Balance:   {"10001", "20403", "30002"},
		smscode.Auth:      {"20003", "21222", "21224"},
		smscode.Throttled: {"63038"},
	} {
		for _, code := range list {
			row := deliverytest.Code{Code: code, Reason: reason}
			if reason == smscode.Throttled {
				row.Scope = smscode.ScopeAccount
			}
			codes = append(codes, row)
		}
	}
	codes = append(codes, deliverytest.Code{Code: "20429", Status: 429, Reason: smscode.Throttled, Scope: smscode.ScopeAccount})
	deliverytest.Run(t, deliverytest.Vendor{
		Type:     twilio.Type(),
		Config:   map[string]any{"accountSid": sid, "authToken": token, "from": "+15005550006"},
		Secrets:  []string{sid, token},
		Phone:    "+14155550100",
		Accepted: deliverytest.Answer{Status: 201, Type: jsonType, Body: yes},
		Refusal: func(code, _ string) deliverytest.Answer {
			return deliverytest.Answer{Status: 400, Type: jsonType, Body: fmt.Sprintf(`{"code":%q,"message":%q,"more_info":"","status":400}`, code, code)}
		},
		Codes:            codes,
		RightCredentials: &deliverytest.Answer{Type: jsonType, Body: `{"sid":"` + sid + `","status":"active"}`},
		WrongCredentials: &deliverytest.Answer{Status: 401, Type: jsonType, Body: `{"code":20003,"message":"Authenticate","status":401}`},
	})
}
