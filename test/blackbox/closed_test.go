package blackbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/test/blackbox"
)

// With allowRegister 0, a stranger can't tell a known phone from an unknown one: not by
// answers, intervals, the vendor or guesses.
func TestKnownAndUnknownPhonesLookAlike(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	closed := map[string]any{"allowRegister": 0, "resendInterval": 2, "phoneHourlyLimit": 3, "maxAttempts": 3}
	shop.SetLogin(closed)
	spelt, _ := blackbox.Phone()
	open, another := shop.Another("open", map[string]any{"testPhones": map[string]any{spelt: "246810"}}), shop.Another("another", nil)
	shop.Open(1)
	c := shop.Visitor()
	known := shop.SignUpTest(open, spelt, "246810")
	unknown, unknownE164 := blackbox.Phone()
	require.Equal(t, false, c.Call(blackbox.Login, "getLoginConfig", nil).OK(t)["allowRegister"])

	tell := func(a *blackbox.Answer) string {
		text := a.Code
		if a.Errmsg != nil {
			text += *a.Errmsg
		}
		return text + string(a.Data)
	}
	alike := func(name string, call func(phone string) *blackbox.Answer) (first *blackbox.Answer) {
		t.Helper()
		a, b := call(known.Phone), call(unknown)
		require.Equal(t, tell(b), tell(a), name)
		require.Equal(t, b.Status, a.Status, name)
		return a
	}
	send := func(phone string) *blackbox.Answer {
		return c.Send(phone)
	}
	guess := func(phone string) *blackbox.Answer {
		return c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": phone, "code": "000000"})
	}

	sentBefore := len(shop.Codes(known.E164))
	// The answer doesn't wait for a slow vendor.
	shop.Vendor.Delay(1500 * time.Millisecond)
	watch := pace.Start(t)
	alike("send", send).OK(t)
	watch.Within(t, 1400*time.Millisecond, "answered before the vendor was")
	alike("send again", send).Fails(t, 429, "SEND_TOO_FREQUENT")
	blackbox.Eventually(t, 10*time.Second, "the vendor is asked for the known phone", func() bool {
		return len(shop.Codes(known.E164)) == sentBefore+1
	})
	shop.Vendor.Delay(0)
	for range 3 {
		alike("guess", guess).Fails(t, 401, "CODE_REJECTED")
	}
	a, b := guess(known.Phone), guess(unknown)
	a.Fails(t, 429, "CODE_LOCKED")
	b.Fails(t, 429, "CODE_LOCKED")
	require.InDelta(t, a.RetryAfter().Seconds(), b.RetryAfter().Seconds(), 2)

	// A refusal returns nothing to the limits, because that would tell the two apart.
	shop.Vendor.Always(blackbox.RefuseBalance)
	sendWhenAllowed(t, c, blackbox.Login, unknown).OK(t)
	sendWhenAllowed(t, c, blackbox.Login, known.Phone).OK(t)
	blackbox.Eventually(t, 10*time.Second, "the vendor is asked again", func() bool {
		return len(shop.Codes(known.E164)) == sentBefore+2
	})
	time.Sleep(100 * time.Millisecond) // until the refusal has been handled
	alike("send after a refusal", func(phone string) *blackbox.Answer {
		a := send(phone)
		a.Fails(t, 429, "SEND_TOO_FREQUENT")
		return a
	})
	shop.Vendor.Always(blackbox.Accept)
	sendWhenAllowed(t, c, blackbox.Login, unknown).OK(t)
	sendWhenAllowed(t, c, blackbox.Login, known.Phone).OK(t)
	limited(t, sendWhenAllowed(t, c, blackbox.Login, unknown), time.Hour)
	limited(t, sendWhenAllowed(t, c, blackbox.Login, known.Phone), time.Hour)
	require.Empty(t, shop.Codes(unknownE164), "never sent to an unknown phone")

	// The known phone's newest code works, and doesn't register anybody.
	blackbox.Eventually(t, 10*time.Second, "the third message", func() bool {
		return len(shop.Codes(known.E164)) == sentBefore+3
	})
	code := shop.Newest(known.E164)
	closedAnswer := c.Call(blackbox.Login, "register", blackbox.Args{"phone": known.Phone, "code": code, "nick": "N"})
	closedAnswer.Fails(t, 403, "REGISTRATION_CLOSED")
	c.Call(blackbox.Login, "register", blackbox.Args{"phone": unknown, "code": code, "nick": "N"}).Fails(t, 401, "CODE_REJECTED")
	require.Equal(t, known.UserID, c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": known.Phone, "code": code}).OK(t).Text("userId"))

	// A signed-in user may still bind, and learns of a vendor's refusal.
	unbind(t, shop, known, another)
	fresh, e164 := blackbox.Phone()
	bind := shop.Code(known.Client, blackbox.Login, fresh, e164, blackbox.Args{"purpose": "bind"})
	known.Call(blackbox.Login, "bind", blackbox.Args{"userId": known.UserID, "phone": fresh, "code": bind}).OK(t)
}
