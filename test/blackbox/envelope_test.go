package blackbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// post sends an arbitrary body.
func post(t *testing.T, s *blackbox.Server, c *blackbox.Client, path, contentType, body string) *blackbox.Answer {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	a, err := c.Do(request)
	require.NoError(t, err)
	return a
}

func TestTheEnvelope(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	s := shop.Servers[0]
	c := s.Client()

	ids := make(map[string]bool)
	for _, a := range []*blackbox.Answer{
		c.Call(blackbox.Login, "getLoginConfig", nil),
		c.Call(blackbox.Login, "sendMessage", nil),
		c.Call(blackbox.Sessions, "currentUser", nil),
		c.Call("no.such", "thing", nil),
	} {
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Contains(t, a.Header.Get("Content-Type"), "application/json")
		require.NotEmpty(t, a.RequestID)
		require.False(t, ids[a.RequestID], "a request id of its own")
		ids[a.RequestID] = true
		require.InDelta(t, time.Now().UnixMilli(), a.SysTime, 60_000)
		require.GreaterOrEqual(t, a.Duration, 0.0)
		if a.Status == 200 {
			require.Nil(t, a.Errmsg)
			require.NotContains(t, a.Body, `"code":`)
		} else {
			require.NotEmpty(t, *a.Errmsg)
			require.NotContains(t, a.Body, "/work")
			require.NotContains(t, a.Body, ".go:")
		}
	}
	config := c.Call(blackbox.Login, "getLoginConfig", nil).OK(t)
	require.Equal(t, 6.0, config["codeLength"])
	require.Equal(t, []any{"CN"}, config["regions"])
	require.Equal(t, true, config["allowRegister"])
	require.Equal(t, "off", config["captcha"])

	send := s.Path(blackbox.Login, "sendMessage")
	const asJSON = "application/json"
	bodies := []struct {
		name, contentType, body string
		status                  int
	}{
		{"a form", "application/x-www-form-urlencoded", "phone=13800138000", 415},
		{"text", "text/plain", `{"phone":"13800138000"}`, 415},
		{"no type", "", `{"phone":"13800138000"}`, 415},
		{"another charset", "application/json; charset=gbk", `{}`, 415},
		{"no JSON", asJSON, `{"phone":`, 400},
		{"a list", asJSON, `["13800138000"]`, 400},
		{"text in JSON", asJSON, `"13800138000"`, 400},
		{"two values", asJSON, `{"phone":"1"}{"phone":"1"}`, 400},
		{"a key twice", asJSON, `{"phone":"13800138000","phone":"13800138001"}`, 400},
		{"a key twice, escaped", asJSON, `{"phone":"13800138000","\u0070hone":"13800138001"}`, 400},
		{"no UTF-8", asJSON, "{\"phone\":\"\xff\"}", 400},
		{"very deep", asJSON, `{"phone":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, 400},
		{"very long", asJSON, `{"phone":"` + strings.Repeat("1", 2<<20) + `"}`, 413},
		{"an undeclared argument", asJSON, `{"phone":"13800138000","x":1}`, 400},
		{"a number for a phone", asJSON, `{"phone":13800138000}`, 400},
		{"a list for a phone", asJSON, `{"phone":["13800138000"]}`, 400},
		{"a long text", asJSON, `{"phone":"13800138000","purpose":"` + strings.Repeat("x", 256) + `"}`, 400},
	}
	for _, b := range bodies {
		t.Run(b.name, func(t *testing.T) {
			a := post(t, s, c, send, b.contentType, b.body)
			a.Fails(t, b.status, "API_PARAMS_ERROR")
			require.Equal(t, 20001, a.Errcode)
		})
	}
	require.Equal(t, "x", post(t, s, c, send, asJSON, `{"phone":"13800138000","x":1}`).Fails(t, 400, "API_PARAMS_ERROR")["arg"])
	require.Equal(t, "phone", post(t, s, c, send, asJSON, `{"phone":1}`).Fails(t, 400, "API_PARAMS_ERROR")["arg"])

	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		request, err := http.NewRequest(method, s.URL+send, nil)
		require.NoError(t, err)
		a, err := c.Do(request)
		require.NoError(t, err)
		a.Fails(t, 405, "API_PARAMS_ERROR")
		require.Equal(t, "POST", a.Header.Get("Allow"))
	}

	for path, code := range map[string]string{
		"/api/example/shop/auths/loginTypes/myPhoneLogin/nothing": "FUNCTION_NOT_FOUND",
		"/api/example/shop": "ELEMENT_NOT_FOUND",
		"/api/example/shop/auths/loginTypes/myPhoneLogin/authConfig":       "FUNCTION_NOT_FOUND",
		"/api/example/shop/auths/loginTypes/nobody/sendMessage":            "ELEMENT_NOT_FOUND",
		"/api/example/shop/auths/loginTypes/MyPhoneLogin/sendMessage":      "ELEMENT_NOT_FOUND",
		"/api/example/other/auths/loginTypes/myPhoneLogin/sendMessage":     "ELEMENT_NOT_FOUND",
		"/api/example/shop/auths/loginTypes/../loginTypes/myPhoneLogin/se": "ELEMENT_NOT_FOUND",
		"/api/example/shop/auths%2FloginTypes/myPhoneLogin/sendMessage":    "ELEMENT_NOT_FOUND",
		"/api/example/shop/sendMessage":                                    "ELEMENT_NOT_FOUND",
		"/nothing":                                                         "ELEMENT_NOT_FOUND",
	} {
		a := post(t, s, c, path, asJSON, `{}`)
		a.Fails(t, 404, code)
		require.Equal(t, 20004, a.Errcode)
		require.NotContains(t, *a.Errmsg, "nobody")
	}
	// No vendor can be called from outside, not even with valid arguments.
	for _, name := range []string{"SMS.gateway", "SMS.Http", "SMS.Meta"} {
		a := c.Call(name, "sendMessage", blackbox.Args{"phoneList": []string{"+8613800138000"}, "params": blackbox.Args{}, "verifyTemplateCode": ""})
		require.Contains(t, []int{403, 404}, a.Status, name)
	}
	require.Empty(t, shop.Vendor.Sent())
}

// Every spelling of a number is one identity.
func TestSpellingsOfAPhone(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"regions": []string{"CN", "US", "GB"}})
	spelt, e164 := blackbox.Phone()
	c.Send(spelt).OK(t)
	for _, spelling := range []string{
		e164, "+86 " + spelt, "0086" + spelt, "86" + spelt, "+86-" + spelt[:3] + "-" + spelt[3:7] + "-" + spelt[7:],
		" " + spelt + " ", spelt[:3] + " " + spelt[3:7] + " " + spelt[7:], "(" + spelt[:3] + ") " + spelt[3:], fullWidth(spelt),
	} {
		a := c.Send(spelling)
		if a.Code != "SEND_TOO_FREQUENT" {
			t.Errorf("%q is another identity: %d %s", spelling, a.Status, a.Code)
		}
	}
	require.Len(t, shop.Codes(e164), 1)
	code := shop.Newest(e164)
	user := c.Call(blackbox.Login, "register", blackbox.Args{"phone": "0086 " + spelt, "code": code, "nick": "N"}).OK(t)
	require.Equal(t, spelt[:3]+"****"+spelt[7:], user.Text("phone"))

	for _, bad := range []string{
		"", " ", "1380013800", "138001380001", "12800138000", "10086", "+86 10 6552 9988", "13800138000;ext=1", "tel:13800138000x",
		"+44 20 7946 0958", "+1 555 010", strings.Repeat("1", 200), "１３８００１３８", "abc", "+", "13800138000\x00",
	} {
		a := c.Send(bad)
		a.Fails(t, 400, "PHONE_INVALID")
		require.Equal(t, 46105, a.Errcode)
	}
	for _, elsewhere := range []string{"+33612345678", "+85251234567"} {
		a := c.Send(elsewhere)
		a.Fails(t, 400, "PHONE_REGION_NOT_ALLOWED")
		require.Equal(t, 46105, a.Errcode)
	}
	for _, ok := range []struct{ spelt, e164, masked string }{
		{"+44 7400 123456", "+447400123456", "********56"},
		{"+1 (201) 555-0123", "+12015550123", "********23"},
	} {
		code := shop.Code(c, blackbox.Login, ok.spelt, ok.e164)
		user := c.Call(blackbox.Login, "register", blackbox.Args{"phone": ok.e164, "code": code, "nick": "N"}).OK(t)
		require.Equal(t, ok.masked, user.Text("phone"))
		session := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "api"}).OK(t)
		me := c.Bearer(session.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(t)
		require.Equal(t, ok.masked, me.Text("phone"), "the same mask wherever it is shown")
	}
}

func fullWidth(digits string) string {
	var b strings.Builder
	for _, d := range digits {
		b.WriteRune(d - '0' + '０')
	}
	return b.String()
}

// A repeated request gets the first one's answer. The same key for another request is
// an error.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	ways := append(logins(shop, 2, nil), shop.Another("slow", map[string]any{"resendInterval": 600}))
	ways[0], ways[2] = ways[2], ways[0]
	shop.Open(1)
	c := shop.Visitor()
	for _, bad := range []string{"short", strings.Repeat("k", 65), "sixteen characters", "ключ-ключ-ключ-ключ", "key.with.dots.in.it"} {
		c.With("Idempotency-Key", bad).Call(ways[0], "getLoginConfig", nil).Fails(t, 400, "API_PARAMS_ERROR")
	}
	spelt, e164 := blackbox.Phone()
	keyed := c.With("Idempotency-Key", "0123456789abcdef")
	first := keyed.Call(ways[0], "sendMessage", blackbox.Args{"phone": spelt, "purpose": "login"})
	first.OK(t)
	for range 3 {
		again := keyed.Call(ways[0], "sendMessage", blackbox.Args{"purpose": "login", "phone": spelt})
		require.JSONEq(t, string(first.Data), string(again.Data))
		require.Equal(t, 200, again.Status)
		require.NotEqual(t, first.RequestID, again.RequestID)
	}
	other, _ := blackbox.Phone()
	mismatch := keyed.Call(ways[0], "sendMessage", blackbox.Args{"phone": other, "purpose": "login"})
	mismatch.Fails(t, 409, "API_PARAMS_ERROR")
	// The key is separate for each element, function and caller.
	time.Sleep(1100 * time.Millisecond) // its interval; a refusal would be repeated, too
	keyed.Call(ways[1], "sendMessage", blackbox.Args{"phone": spelt, "purpose": "login"}).OK(t)
	p := shop.SignUp(ways[2])
	p.With("Idempotency-Key", "0123456789abcdef").Call(ways[0], "sendMessage", blackbox.Args{"phone": spelt, "purpose": "login"}).
		Fails(t, 429, "SEND_TOO_FREQUENT")
	require.Len(t, shop.Codes(e164), 2)

	// Refusals are repeated, too. The answer to a right code is given again, not
	// refused.
	codes := shop.Codes(e164)
	wrong := keyed.Call(ways[0], "getLoginCode", blackbox.Args{"phone": spelt, "code": blackbox.Wrong(codes...)})
	wrong.Fails(t, 401, "CODE_REJECTED")
	for range 8 { // if they counted as guesses, the code would be locked
		keyed.Call(ways[0], "getLoginCode", blackbox.Args{"phone": spelt, "code": blackbox.Wrong(codes...)}).Fails(t, 401, "CODE_REJECTED")
	}
	register := blackbox.Args{"phone": spelt, "code": codes[0], "nick": "N"}
	user := keyed.Call(ways[0], "register", register)
	user.OK(t)
	require.JSONEq(t, string(user.Data), string(keyed.Call(ways[0], "register", register).Data))
	c.Call(ways[0], "register", register).Fails(t, 401, "CODE_REJECTED")

	login := blackbox.Args{"loginCode": user.OK(t).Text("loginCode"), "platform": "mobile"}
	session := keyed.Call(blackbox.Sessions, "loginByCode", login)
	require.JSONEq(t, string(session.Data), string(keyed.Call(blackbox.Sessions, "loginByCode", login).Data))
	me := c.Bearer(session.OK(t).Text("accessToken"))
	me.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	c.With("Idempotency-Key", "another-key-of-mine").Call(blackbox.Sessions, "loginByCode", login).Fails(t, 401, "CODE_REJECTED")
	ended(t, me)
}

// A log contains nothing that lets anybody in or identifies anybody.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 1, "phoneHourlyLimit": 20, "phoneDailyLimit": 20})
	shop.Open(1)
	s := shop.Servers[0]
	c := s.Client()
	secrets := []string{shop.Vendor.Key, "Y29uc3RhbnQtYW5k"}
	keep := func(texts ...string) {
		for _, text := range texts {
			if len(text) >= 6 {
				secrets = append(secrets, text)
			}
		}
	}
	p := shop.SignUp(blackbox.Login)
	keep(p.Phone, p.AccessToken, p.RefreshToken, p.DeviceToken)
	for _, turn := range []blackbox.Turn{
		blackbox.Refuse, blackbox.RefuseAuth, blackbox.Hang, blackbox.CutAfterRead, blackbox.CutBefore, blackbox.Status500, blackbox.Nonsense,
	} {
		spelt, e164 := blackbox.Phone()
		shop.Vendor.Next(turn)
		c.Send(spelt)
		keep(spelt)
		keep(shop.Codes(e164)...)
	}
	spelt, e164 := blackbox.Phone()
	code := shop.Code(c, blackbox.Login, spelt, e164)
	keep(spelt, code, blackbox.Wrong(code))
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": "135790"}).Fails(t, 401, "CODE_REJECTED")
	keep("135790")
	key := "a-key-that-is-a-secret-" + spelt
	keep(key)
	user := c.With("Idempotency-Key", key).Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "Secretnick"}).OK(t)
	keep(user.Text("loginCode"), "Secretnick")
	session := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "web"})
	for _, line := range session.Header.Values("Set-Cookie") {
		_, value, _ := strings.Cut(line, "=")
		value, _, _ = strings.Cut(value, ";")
		keep(value)
	}
	c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "web"})
	c.Bearer("bearer-of-nothing-at-all").Call(blackbox.Sessions, "currentUser", nil)
	keep("bearer-of-nothing-at-all")
	c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": "a-refresh-token-of-nobody"})
	keep("a-refresh-token-of-nobody")
	own := p.SendWhenAllowed(blackbox.Login, blackbox.Args{"purpose": "checkMyMessage"})
	own.OK(t)
	ticket := p.Call(blackbox.Login, "checkMyMessage", blackbox.Args{"code": shop.Newest(p.E164)}).OK(t).Text("ticket")
	keep(ticket, shop.Newest(p.E164))
	moved, movedE164 := blackbox.Phone()
	next := shop.Code(p.Client, blackbox.Login, moved, movedE164, blackbox.Args{"purpose": "updatePhone"})
	keep(moved, next)
	p.Call(blackbox.Login, "updatePhone", blackbox.Args{"userId": p.UserID, "ticket": ticket, "newPhone": moved, "newCode": next}).OK(t)
	// Phones and codes in places where they don't belong.
	post(t, s, c, "/api/example/shop/"+"x"+spelt+"/sendMessage", "application/json", `{}`)
	post(t, s, c, s.Path(blackbox.Login, "f"+spelt), "application/json", `{}`)
	post(t, s, c, s.Path(blackbox.Login, "sendMessage")+"?phone="+spelt+"&code="+code, "application/json", fmt.Sprintf(`{"%s":1}`, spelt))
	c.With("User-Agent", spelt).With("Referer", "https://x.example/"+spelt).Call(blackbox.Login, "getLoginConfig", nil)
	s.Stop()
	log := s.Log()
	require.NotEmpty(t, log)
	require.Contains(t, log, p.Phone[:3]+"****"+p.Phone[7:], "masked phones are there")
	for _, secret := range secrets {
		if i := strings.Index(log, secret); i >= 0 {
			line := log[strings.LastIndexByte(log[:i], '\n')+1:]
			line, _, _ = strings.Cut(line, "\n")
			t.Errorf("%q is in the log: %s", secret, line)
		}
	}
}
