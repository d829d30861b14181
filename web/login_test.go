package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type answers = map[string]func(map[string]any) (any, *failure)

func sentOK(map[string]any) (any, *failure) {
	return map[string]any{"code": 200, "resendAfter": 45, "expiresIn": 300}, nil
}

func failing(code string, wait int64, data map[string]any) func(map[string]any) (any, *failure) {
	return func(map[string]any) (any, *failure) {
		return nil, &failure{Code: code, RetryAfter: wait, Details: data, RequestID: "req-1"}
	}
}

func TestFailuresOfSendingAreExplained(t *testing.T) {
	for code, c := range map[string]struct {
		failed func(map[string]any) (any, *failure)
		says   string
		goesOn bool
	}{
		"invalid":     {failing("PHONE_INVALID", 0, nil), "Enter a mobile phone number", false},
		"region":      {failing("PHONE_REGION_NOT_ALLOWED", 0, nil), "Numbers of this country", false},
		"too soon":    {failing("SEND_TOO_FREQUENT", 31, nil), "in 31 s", true},
		"limited":     {failing("SEND_LIMITED", 119, nil), "in 2 min", false},
		"number":      {failing("SMS_REFUSED", 0, map[string]any{"reason": "number"}), "No message can be sent to this number", false},
		"vendor down": {failing("SMS_REFUSED", 0, map[string]any{"reason": "unavailable"}), "Try again later. (req-1)", false},
		"unknown":     {failing("SMS_FAILED", 0, map[string]any{"resendAfter": 45.0}), "may still arrive", true},
		"store":       {failing("STORE_UNAVAILABLE", 1, nil), "Try again later. (req-1)", false},
		"new code":    {failing("WHATEVER", 0, nil), "Try again later. (req-1)", false},
	} {
		t.Run(code, func(t *testing.T) {
			s := &fakeSite{answers: answers{"sendMessage": c.failed}}
			b := newClient(t, newSite(t, s, Options{}))
			page := b.post("/login", "do", "send", "phone", "13800138000")
			require.Contains(t, strings.ReplaceAll(page, "&#39;", "'"), c.says)
			require.Contains(t, page, `role="alert"`)
			require.Equal(t, c.goesOn, strings.Contains(page, `id="code"`))
			require.NotContains(t, b.request(http.MethodGet, "/login", nil).Body.String(), `role="alert"`, "it is said once")
		})
	}
}

func TestSendingNamesPurposeAndRequest(t *testing.T) {
	var got map[string]any
	s := &fakeSite{answers: answers{"sendMessage": func(args map[string]any) (any, *failure) {
		got = args
		return sentOK(args)
	}}}
	b := newClient(t, newSite(t, s, Options{}))
	b.post("/login", "do", "send", "phone", "138 0013 8000")
	require.Equal(t, map[string]any{"phone": "138 0013 8000", "purpose": "login"}, got)
	b.post("/login", "do", "send", "phone", "138 0013 8000")
	b.post("/login", "do", "send", "phone", "13900139000")
	require.Len(t, s.keys, 3)
	require.Equal(t, s.keys[0], s.keys[1], "the same form is the same request")
	require.NotEqual(t, s.keys[1], s.keys[2], "the same form with another number isn't")
	require.Regexp(t, `^[A-Za-z0-9_-]{16,64}$`, s.keys[0])
}

func TestARightCodeOfAnUnknownPhoneIsKeptForRegistering(t *testing.T) {
	var registered map[string]any
	s := &fakeSite{answers: answers{
		"sendMessage":  sentOK,
		"getLoginCode": failing("USER_NOT_REGISTERED", 0, nil),
		"register": func(args map[string]any) (any, *failure) {
			registered = args
			return map[string]any{"loginCode": "l", "corpList": []any{}}, nil
		},
	}}
	b := newClient(t, newSite(t, s, Options{}))
	b.post("/login", "do", "send", "phone", "13800138000")
	page := b.post("/login", "do", "verify", "code", "验证码 １２３-456")
	require.Contains(t, page, `id="nick"`)
	require.NotContains(t, page, "123456", "no page holds the code")
	require.NotContains(t, page, "13800138000", "nor the number")
	for _, value := range b.cookies {
		require.NotContains(t, value, "123456")
	}
	b.post("/login", "do", "register", "nick", "Ada")
	require.Equal(t, map[string]any{"phone": "13800138000", "code": "123456", "nick": "Ada"}, registered)
	require.Contains(t, s.called, "loginByCode")
}

func TestStepsCannotBeSkipped(t *testing.T) {
	s := &fakeSite{answers: answers{"sendMessage": sentOK}}
	b := newClient(t, newSite(t, s, Options{}))
	for _, do := range []string{"verify", "register", "corp", "nothing"} {
		b.post("/login", "do", do, "code", "123456", "nick", "Ada", "corp", "1")
	}
	for _, function := range s.called {
		require.Equal(t, "getLoginConfig", function)
	}
}

func TestAForeignOrForgedFlowIsIgnored(t *testing.T) {
	s := &fakeSite{answers: answers{"sendMessage": sentOK}}
	b := newClient(t, newSite(t, s, Options{}))
	require.Contains(t, b.post("/login", "do", "send", "phone", "13800138000"), `id="code"`)
	sealed := []byte(b.cookies[flowCookie])
	sealed[len(sealed)/2] ^= 1
	b.cookies[flowCookie] = string(sealed)
	require.Contains(t, b.request(http.MethodGet, "/login", nil).Body.String(), `id="phone"`)
}

func TestTheCaptchaIsForwarded(t *testing.T) {
	var got []map[string]any
	s := &fakeSite{answers: answers{
		"sendMessage": func(args map[string]any) (any, *failure) {
			got = append(got, args)
			if args["captcha"] == nil {
				return nil, &failure{Code: "CAPTCHA_REQUIRED"}
			}
			return sentOK(args)
		},
		"generateCaptcha": func(args map[string]any) (any, *failure) {
			require.Equal(t, "image", args["kind"], "without JavaScript nothing can be computed")
			return map[string]any{"token": "tok", "kind": "image", "img": "data:image/png;base64,AAAA"}, nil
		},
	}}
	b := newClient(t, newSite(t, s, Options{}))
	page := b.post("/login", "do", "send", "phone", "13800138000")
	require.Contains(t, page, `value="tok"`)
	require.Contains(t, page, `src="data:image/png;base64,AAAA"`)
	page = b.post("/login", "do", "send", "captchaToken", "tok", "captchaAnswer", " 1234 ")
	require.Contains(t, page, `id="code"`)
	require.Equal(t, map[string]any{"token": "tok", "answer": "1234"}, got[1]["captcha"])
	require.Equal(t, "13800138000", got[1]["phone"])
}

func TestAFormOfAnotherOriginDoesNothing(t *testing.T) {
	s := &fakeSite{foreign: true}
	b := newClient(t, newSite(t, s, Options{}))
	require.Equal(t, http.StatusForbidden, b.request(http.MethodPost, "/login", nil).Code)
	require.Empty(t, s.called)
}

func TestFormActionNamesWhereAFormMayLead(t *testing.T) {
	b := newClient(t, newSite(t, &fakeSite{}, Options{RedirectOrigins: []string{"https://front.example"}}))
	policy := b.request(http.MethodGet, "/login", nil).Header().Get("Content-Security-Policy")
	require.Contains(t, policy, "form-action 'self' https://front.example;")
	require.Contains(t, policy, "script-src 'self';")
	require.Contains(t, policy, "default-src 'none';")
	require.NotContains(t, policy, "unsafe")
}
