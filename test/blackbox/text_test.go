package blackbox_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// No text that a store can't keep gets as far as a store, whatever it is for.
func TestTextThatNoStoreKeepsIsRefusedByName(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	s := shop.Servers[0]
	p := shop.SignUp(blackbox.Login)
	phone, _ := blackbox.Phone()
	for _, call := range []struct {
		element, function string
		args              blackbox.Args
	}{
		{blackbox.Login, "sendMessage", blackbox.Args{"phone": phone, "purpose": "login"}},
		{blackbox.Login, "getLoginCode", blackbox.Args{"phone": phone, "code": "123456"}},
		{blackbox.Login, "register", blackbox.Args{"phone": phone, "code": "123456", "nick": "Ada"}},
		{blackbox.Login, "bind", blackbox.Args{"userId": p.UserID, "phone": phone, "code": "123456"}},
		{blackbox.Login, "unbind", blackbox.Args{"userId": p.UserID, "code": "123456"}},
		{blackbox.Login, "checkMyMessage", blackbox.Args{"code": "123456"}},
		{blackbox.Login, "updatePhone", blackbox.Args{"userId": p.UserID, "ticket": "x", "newPhone": phone, "newCode": "123456"}},
		{blackbox.Login, "generateCaptcha", blackbox.Args{"kind": "pow", "id": "x"}},
		{blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": "x", "corp": "x", "platform": "api"}},
		{blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": "x"}},
		{blackbox.Sessions, "endSession", blackbox.Args{"sessionId": "x"}},
	} {
		for name := range call.args {
			for _, bad := range []string{"\x00", "1380\x0013800"} {
				args := maps.Clone(call.args)
				args[name] = bad
				answer := p.Call(call.element, call.function, args)
				if name == "phone" || name == "newPhone" {
					// Whoever has a phone binds no other, whatever it is.
					require.Contains(t, []string{"PHONE_INVALID", "PHONE_ALREADY_BOUND"}, answer.Code, "%s of %s", name, call.function)
					continue
				}
				require.Equal(t, name, answer.Fails(t, 400, "API_PARAMS_ERROR").Text("arg"), "%s of %s", name, call.function)
			}
			body := `{"` + name + `": "x` + "\xff" + `"}`
			data := post(t, s, p.Client, s.Path(call.element, call.function), "application/json", body).Fails(t, 400, "API_PARAMS_ERROR")
			require.Equal(t, name, data.Text("arg"), "%s of %s is not UTF-8", name, call.function)
		}
	}
	captcha := blackbox.Args{"phone": phone, "captcha": blackbox.Args{"token": "a\x00", "answer": "x"}}
	require.Equal(t, "captcha", p.Call(blackbox.Login, "sendMessage", captcha).Fails(t, 400, "API_PARAMS_ERROR").Text("arg"))

	// What isn't an argument.
	c := s.Client()
	for name, answer := range map[string]*blackbox.Answer{
		"device token": c.With("Lintel-Device", "\xff").Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": phone, "code": "123456"}),
		"access token": c.With("Authorization", "Bearer \xff").Call(blackbox.Sessions, "currentUser", nil),
		"cookie":       c.With("Cookie", "x=\xff").Call(blackbox.Sessions, "refresh", nil),
		"key":          c.With("Idempotency-Key", "0123456789abcde\xff").Call(blackbox.Sessions, "currentUser", nil),
		"address":      c.With("X-Forwarded-For", "\xff").Call(blackbox.Login, "getLoginConfig", nil),
		"path":         post(t, s, c, "/api/example/shop/auths%00/x", "application/json", "{}"),
		"receipts":     post(t, s, c, "/receipts/%00%ff", "application/json", "{}"),
	} {
		require.Less(t, answer.Status, 500, "%s: %s", name, answer.Body)
	}
}
