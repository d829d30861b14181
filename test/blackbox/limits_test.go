package blackbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// limited requires the answer of a limit other than the interval.
func limited(t *testing.T, a *blackbox.Answer, per time.Duration) {
	t.Helper()
	data := a.Fails(t, 429, "SEND_LIMITED")
	require.Zero(t, a.RetryAfter()%time.Minute, "rounded up to a minute")
	require.Equal(t, a.RetryAfter().Seconds(), data["retryAfter"])
	require.Greater(t, a.RetryAfter(), per-2*time.Minute)
	require.LessOrEqual(t, a.RetryAfter(), per)
}

// A phone's limits hold across scopes, users and logins, once for its owner and once for
// everybody else.
func TestThePhonesLimits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		hourly, daily int
		per           time.Duration
	}{{"in an hour", 3, 10, time.Hour}, {"in a day", 9, 3, 24 * time.Hour}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			shop := blackbox.NewShop(t)
			shop.SetLogin(map[string]any{"resendInterval": 1, "phoneHourlyLimit": test.hourly, "phoneDailyLimit": test.daily})
			other := shop.Another("other", nil)
			shop.Open(1)
			c := shop.Visitor()
			owner, ann, bob := shop.SignUp(other), shop.SignUp(other), shop.SignUp(other)
			send := func(c *blackbox.Client, purpose string) *blackbox.Answer {
				return c.SendWhenAllowed(blackbox.Login, blackbox.Args{"phone": owner.Phone, "purpose": purpose})
			}
			send(ann.Client, "updatePhone").OK(t) // the first was for signing up
			send(c, "register").OK(t)
			limited(t, send(c, "login"), test.per)
			limited(t, send(ann.Client, "updatePhone"), test.per)
			limited(t, send(bob.Client, "bind"), test.per)
			require.Len(t, shop.Codes(owner.E164), 3)
			device := c.With("Lintel-Device", owner.DeviceToken)
			send(device, "login").OK(t)
			send(owner.Client, "unbind").OK(t)
			send(device, "register").OK(t)
			limited(t, send(device, "login"), test.per)
			limited(t, send(owner.Client, "unbind"), test.per)
			limited(t, send(c.With("Lintel-Device", ann.DeviceToken), "login"), test.per)
			limited(t, send(c.With("Lintel-Device", "no such token"), "login"), test.per)
		})
	}
}

// A send with an unknown outcome counts.
func TestAnUnknownSendCounts(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"resendInterval": 1, "phoneHourlyLimit": 2})
	spelt, _ := blackbox.Phone()
	shop.Vendor.Always(blackbox.Nonsense)
	for range 2 {
		sendWhenAllowed(t, c, blackbox.Login, spelt).Fails(t, 502, "SMS_FAILED")
	}
	limited(t, sendWhenAllowed(t, c, blackbox.Login, spelt), time.Hour)
}

// from returns a client with an address, behind one trusted proxy.
func from(c *blackbox.Client, forwarded string) *blackbox.Client {
	return c.With("X-Forwarded-For", forwarded)
}

func TestTheLimitOfAnAddress(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"ipHourlyLimit": 2})
	shop.Open(1, blackbox.Start{Args: []string{"--trusted-proxies", "127.0.0.0/8,192.0.2.0/24"}})
	c := shop.Visitor()
	send := func(forwarded string) *blackbox.Answer {
		spelt, _ := blackbox.Phone()
		return from(c, forwarded).Send(spelt)
	}
	// Each line is one limit, however its address is written.
	for _, bucket := range [][3]string{
		{"203.0.113.7", "203.0.113.7", "203.0.113.7"},
		{"198.51.100.1, 203.0.113.8", "203.0.113.8, 192.0.2.1, 127.0.0.1", "203.0.113.9, 203.0.113.8"},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2:aaaa:bbbb:cccc:dddd"},
		{"2001:db8:1:3::1", "2001:DB8:1:3::2", "2001:db8:1:3::3"},
		{"203.0.113.20:4711", "203.0.113.20", "[::ffff:203.0.113.20]:80"},
		{"::ffff:203.0.113.10", "203.0.113.10", "203.0.113.10"},
	} {
		send(bucket[0]).OK(t)
		send(bucket[1]).OK(t)
		limited(t, send(bucket[2]), time.Hour)
	}

	// A send that the address's limit refuses doesn't count for the phone.
	spelt, _ := blackbox.Phone()
	args := blackbox.Args{"phone": spelt}
	limited(t, from(c, "203.0.113.7").Call(blackbox.Login, "sendMessage", args), time.Hour)
	from(c, "203.0.113.99").Call(blackbox.Login, "sendMessage", args).OK(t)
	// The interval is checked before the address.
	from(c, "203.0.113.7").Call(blackbox.Login, "sendMessage", args).Fails(t, 429, "SEND_TOO_FREQUENT")
	// The phone is checked before the interval, arguments before the phone.
	from(c, "203.0.113.7").Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": "12345"}).Fails(t, 400, "PHONE_INVALID")
	from(c, "203.0.113.7").Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": "12345", "purpose": "x"}).Fails(t, 400, "API_PARAMS_ERROR")
}

// Without trusted proxies the header has no effect, and a warning is logged.
func TestForwardedAddressesThatNobodyTrusts(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"ipHourlyLimit": 2})
	var last *blackbox.Answer
	for i := range 3 {
		spelt, _ := blackbox.Phone()
		last = from(c, fmt.Sprint("203.0.113.", i+1)).Send(spelt)
	}
	limited(t, last, time.Hour)
	require.Contains(t, strings.ToLower(shop.Log()), "x-forwarded-for")
	require.Contains(t, shop.Log(), "level=WARN")
}

// The proxies may come from the environment too.
func TestTrustedProxiesFromTheEnvironment(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"ipHourlyLimit": 1})
	shop.Open(1, blackbox.Start{Env: []string{"LINTEL_TRUSTED_PROXIES=127.0.0.1/32"}})
	c := shop.Visitor()
	for i := range 3 {
		spelt, _ := blackbox.Phone()
		from(c, fmt.Sprint("203.0.113.", i+1)).Send(spelt).OK(t)
	}
}

func TestTheAppsLimit(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"appHourlyLimit": 4})
	shop.Vendor.Next(blackbox.RefuseBalance)
	spelt, _ := blackbox.Phone()
	c.Send(spelt).Fails(t, 502, "SMS_REFUSED")
	for range 4 {
		spelt, _ := blackbox.Phone()
		c.Send(spelt).OK(t)
	}
	limited(t, c.Send(spelt), time.Hour)
	require.Len(t, shop.Vendor.Sent(), 5)
}
