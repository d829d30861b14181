package blackbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// Limits hold when logins, devices, refusals and login instances are combined.

// Each login from a new browser adds a device token. However many there are, a phone gets twice
// its messages at most.
func TestLoginsDontMultiplyTheLimits(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 1, "phoneHourlyLimit": 3})
	second := shop.Another("second", map[string]any{"phoneHourlyLimit": 3})
	shop.Open(1)
	p := shop.SignUp(blackbox.Login)
	devices := []string{"", p.DeviceToken}
	for i := range 12 {
		if i == len(devices) {
			break
		}
		for _, login := range []string{blackbox.Login, second} {
			c := shop.Visitor().With("Lintel-Device", devices[i])
			if !c.SendWhenAllowed(login, blackbox.Args{"phone": p.Phone}).Is("") {
				continue
			}
			guess := blackbox.Args{"phone": p.Phone, "code": shop.Newest(p.E164)}
			loginCode := shop.Visitor().Call(login, "getLoginCode", guess).OK(t).Text("loginCode")
			session := shop.Visitor().Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api"}).OK(t)
			devices = append(devices, session.Text("deviceToken"))
		}
	}
	require.Len(t, shop.Codes(p.E164), 6)
	require.Len(t, devices, 2+5)
}

// A login that shows its device token gets it renewed, and no number of later logins
// makes a stranger of another device.
func TestADeviceStaysTheOwners(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"resendInterval": 1, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000, "maxAttempts": 1})
	p := shop.SignUp(blackbox.Login)
	logIn := func(c *blackbox.Client) string {
		code := shop.Code(c, blackbox.Login, p.Phone, p.E164)
		loginCode := c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).OK(t).Text("loginCode")
		return c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api"}).OK(t).Text("deviceToken")
	}
	first := c.With("Lintel-Device", p.DeviceToken)
	require.Equal(t, p.DeviceToken, logIn(first))
	for range 12 {
		require.NotEqual(t, p.DeviceToken, logIn(c))
	}
	code := shop.Code(c, blackbox.Login, p.Phone, p.E164)
	guess := blackbox.Args{"phone": p.Phone, "code": blackbox.Wrong(code)}
	c.Call(blackbox.Login, "getLoginCode", guess).Fails(t, 401, "CODE_REJECTED")
	guess["code"] = code
	c.Call(blackbox.Login, "getLoginCode", guess).Fails(t, 429, "CODE_LOCKED")
	first.Call(blackbox.Login, "getLoginCode", guess).OK(t)
}

// Refusals by strangers don't keep the owner waiting.
func TestStrangersRefusalsAreTheirOwn(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 1})
	shop.Open(1)
	p, mallory := shop.SignUp(blackbox.Login), shop.SignUp(blackbox.Login)
	shop.Vendor.Always(blackbox.RefuseBalance)
	for i := range 10 {
		c := []*blackbox.Client{shop.Visitor(), mallory.Client}[i%2]
		c.SendWhenAllowed(blackbox.Login, blackbox.Args{"phone": p.Phone, "purpose": "login"}).Fails(t, 502, "SMS_REFUSED")
	}
	shop.Vendor.Always(blackbox.Accept)
	for _, c := range []*blackbox.Client{shop.Visitor(), mallory.Client} {
		c.SendWhenAllowed(blackbox.Login, blackbox.Args{"phone": p.Phone, "purpose": "login"}).Fails(t, 429, "SEND_LIMITED")
	}
	for _, c := range []*blackbox.Client{shop.Visitor().With("Lintel-Device", p.DeviceToken), p.Client} {
		code := shop.Code(c, blackbox.Login, p.Phone, p.E164, blackbox.Args{"purpose": "login"})
		c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).OK(t)
	}
}

// An address pays for each request that reached the vendor, also if that refuses all.
func TestAnAddressPaysForRefusals(t *testing.T) {
	t.Parallel()
	for captcha, want := range map[string]int{"off": 30, "risk": 3} {
		t.Run(captcha, func(t *testing.T) {
			t.Parallel()
			shop, c := blackbox.OpenShop(t, map[string]any{"captcha": captcha, "ipHourlyLimit": 30})
			shop.Vendor.Always(blackbox.RefuseNumber)
			for range 60 {
				spelt, _ := blackbox.Phone()
				c.Send(spelt)
			}
			require.Len(t, shop.Vendor.Sent(), want)
		})
	}
}

// An address has a number of wrong guesses over all phones. They don't lock out owners.
func TestTheWrongGuessesOfAnAddress(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 1, "ipHourlyGuesses": 3})
	shop.Open(1)
	c, owner := shop.Visitor(), shop.SignUp(blackbox.Login)
	for range 3 {
		spelt, e164 := blackbox.Phone()
		code := shop.Code(c, blackbox.Login, spelt, e164)
		c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": blackbox.Wrong(code), "nick": "N"}).Fails(t, 401, "CODE_REJECTED")
	}
	code := shop.Code(c, blackbox.Login, owner.Phone, owner.E164)
	guess := blackbox.Args{"phone": owner.Phone, "code": code}
	locked := c.Call(blackbox.Login, "getLoginCode", guess)
	locked.Fails(t, 429, "CODE_LOCKED")
	require.Greater(t, locked.RetryAfter(), 50*time.Minute)
	c.With("Lintel-Device", owner.DeviceToken).Call(blackbox.Login, "getLoginCode", guess).OK(t)
}

// A code keeps the length that it was sent with, and the figures of now judge all sends
// before.
func TestFiguresThatChangeMeanwhile(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"resendInterval": 1})
	spelt, e164 := blackbox.Phone()
	code := shop.Code(c, blackbox.Login, spelt, e164)
	shop.SetLogin(map[string]any{"codeLength": 8, "resendInterval": 3600})
	blackbox.Eventually(t, 20*time.Second, "the new figures are used", func() bool {
		return c.Call(blackbox.Login, "getLoginConfig", nil).OK(t)["codeLength"] == 8.0
	})
	c.Send(spelt).Fails(t, 429, "SEND_TOO_FREQUENT")
	for _, misfit := range []string{"12345678", "1234567"} {
		data := c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": misfit}).Fails(t, 400, "API_PARAMS_ERROR")
		require.Equal(t, "code", data["arg"])
	}
	c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"}).OK(t)
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": code}).Fails(t, 400, "API_PARAMS_ERROR")
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": "12345678"}).Fails(t, 401, "CODE_REJECTED")
}
