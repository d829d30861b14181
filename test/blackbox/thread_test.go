package blackbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// A person's first login, end to end, with the phone login and the outbox as plugin
// processes.
func TestAPersonRegistersAndLogsIn(t *testing.T) {
	t.Parallel()
	s := blackbox.Example(t).Serve()
	c := s.Client()
	spelt, e164 := blackbox.Phone()

	sent := c.Send(spelt).OK(t)
	require.Equal(t, blackbox.Dict{"code": 200.0, "message": "success", "resendAfter": 45.0, "expiresIn": 300.0}, sent)
	c.Send(spelt).Fails(t, http.StatusTooManyRequests, "SEND_TOO_FREQUENT")
	code := s.Code(e164)
	require.Len(t, code, 6)

	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": wrong}).Fails(t, http.StatusUnauthorized, "CODE_REJECTED")
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": code}).Fails(t, http.StatusNotFound, "USER_NOT_REGISTERED")

	user := c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "Ada"}).OK(t)
	require.NotEmpty(t, user.Text("userId"))
	require.Equal(t, spelt[:3]+"****"+spelt[7:], user.Text("phone"))
	require.Len(t, user["corpList"], 1)

	session := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "corp": "corps.shop", "platform": "api"}).OK(t)
	require.Equal(t, user.Text("userId"), session.Text("userId"))
	me := c.Bearer(session.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.Equal(t, user.Text("userId"), me.Text("userId"))
	c.Call(blackbox.Sessions, "currentUser", nil).Fails(t, http.StatusUnauthorized, "LOGIN_REQUIRED")

	plugins := s.Plugins(2)
	require.Contains(t, plugins, "auths.loginTypes.PhoneType")
	require.Contains(t, plugins, "SMS.Outbox")
	require.NotContains(t, s.Log(), spelt, "a phone in the log")
	require.NotContains(t, s.Log(), user.Text("loginCode"), "a loginCode in the log")
	require.NotContains(t, s.Log(), session.Text("accessToken"), "a token in the log")
}

func TestASessionInCookies(t *testing.T) {
	t.Parallel()
	s := blackbox.Example(t).Serve()
	c := s.Client()
	spelt, e164 := blackbox.Phone()
	code := c.SendCode(spelt, e164)
	user := c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "Ada"}).OK(t)
	answer := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "web"})
	session := answer.OK(t)
	for _, name := range []string{"accessToken", "refreshToken", "deviceToken"} {
		require.NotContains(t, session, name)
	}
	require.NotEmpty(t, answer.Header.Values("Set-Cookie"))
	for _, cookie := range answer.Header.Values("Set-Cookie") {
		require.Contains(t, cookie, "HttpOnly")
		require.Contains(t, cookie, "SameSite=Lax")
	}
	me := c.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.Equal(t, user.Text("userId"), me.Text("userId"))
	c.With("Sec-Fetch-Site", "cross-site").Call(blackbox.Sessions, "currentUser", nil).Fails(t, http.StatusUnauthorized, "LOGIN_REQUIRED")
	c.Call(blackbox.Sessions, "logout", nil).OK(t)
	c.Call(blackbox.Sessions, "currentUser", nil).Fails(t, http.StatusUnauthorized, "LOGIN_REQUIRED")
}

func TestSwappingTheVendorTakesEffectWhileServing(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	s := app.Serve()
	vendor := blackbox.NewVendor(t)
	app.UseVendor(vendor, "gateway")
	blackbox.Eventually(t, 10e9, "the vendor gets the message", func() bool {
		spelt, e164 := blackbox.Phone()
		s.Client().Send(spelt).OK(t)
		return len(vendor.To(e164)) == 1
	})
	require.NotContains(t, strings.ToLower(s.Log()), vendor.Key)
}
