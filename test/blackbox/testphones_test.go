package blackbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// Test phones get no message, and their codes log in only users that were registered
// with them.
func TestTestPhones(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	spelt, e164 := blackbox.Phone()
	taken, takenE164 := blackbox.Phone()
	guessed, guessedE164 := blackbox.Phone()
	phones := map[string]any{spelt: "246810", taken: "135791", guessed: "975310"}
	plain, fresh := shop.Another("plain", nil), shop.Another("fresh", nil)
	shop.SetLogin(map[string]any{"testPhones": phones, "resendInterval": 1})
	other := shop.Another("other", map[string]any{"testPhones": phones})
	shop.Open(1)
	c := shop.Visitor()
	blackbox.Eventually(t, 10*time.Second, "it is listed as a warning, before anybody uses it", func() bool {
		return strings.Contains(shop.Log(), spelt[:3]+"****"+spelt[7:])
	})

	// A real user already has the number.
	taking := shop.Code(c, plain, taken, takenE164)
	owner := c.Call(plain, "register", blackbox.Args{"phone": taken, "code": taking, "nick": "Owner"}).OK(t).Text("userId")

	c.Send(spelt).OK(t)
	require.Empty(t, shop.Codes(e164))
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": "000000"}).Fails(t, 401, "CODE_REJECTED")
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": "135791"}).Fails(t, 401, "CODE_REJECTED")
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": "246810"}).Fails(t, 404, "USER_NOT_REGISTERED")
	user := c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": "246810", "nick": "Reviewer"}).OK(t)
	session := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "api"}).OK(t)
	require.Equal(t, user.Text("userId"), session.Text("userId"))
	c.Call(other, "sendMessage", blackbox.Args{"phone": spelt}).OK(t)
	again := c.Call(other, "getLoginCode", blackbox.Args{"phone": spelt, "code": "246810"}).OK(t)
	require.Equal(t, user.Text("userId"), again.Text("userId"))

	// The test code doesn't log in the number's real owner, and sends them nothing.
	before := len(shop.Codes(takenE164))
	c.Send(taken).OK(t)
	require.Len(t, shop.Codes(takenE164), before)
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": taken, "code": "135791"}).Fails(t, 401, "CODE_REJECTED")
	c.Call(blackbox.Login, "register", blackbox.Args{"phone": taken, "code": "135791", "nick": "N"}).Fails(t, 401, "CODE_REJECTED")
	require.NotEmpty(t, owner)

	// A real user can't bind the number with its test code.
	p := shop.SignUp(plain)
	unbind(t, shop, p, fresh)
	p.Call(other, "sendMessage", blackbox.Args{"phone": guessed, "purpose": "bind"}).OK(t)
	p.Call(other, "bind", blackbox.Args{"userId": p.UserID, "phone": guessed, "code": "975310"}).Fails(t, 401, "CODE_REJECTED")

	// A test phone may send again at once.
	for range 7 {
		c.Send(guessed).OK(t)
	}
	// After twenty wrong guesses no code opens it, and it still gets no message.
	for range 20 {
		a := c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": guessed, "code": "000000"})
		require.Contains(t, []string{"CODE_REJECTED", "CODE_LOCKED"}, a.Code)
	}
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": guessed, "code": "975310"}).Fails(t, 401, "CODE_REJECTED")
	c.Send(guessed).OK(t)
	require.Empty(t, shop.Codes(guessedE164))
	c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": guessed, "code": "975310"}).Fails(t, 401, "CODE_REJECTED")
	// With another code it is a test phone again.
	phones[guessed] = "864209"
	shop.SetLogin(map[string]any{"testPhones": phones})
	blackbox.Eventually(t, revoked, "the new entry is on", func() bool {
		a := c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": guessed, "code": "864209"})
		if a.Is("USER_NOT_REGISTERED") {
			return true
		}
		c.Send(guessed)
		return false
	})
	for _, secret := range []string{spelt, taken, guessed, "246810", "135791", "975310", "864209"} {
		require.NotContains(t, shop.Log(), secret)
	}
}
