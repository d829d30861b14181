package blackbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// logins makes more logins of the shop, each with its own intervals, codes and limits.
func logins(shop *blackbox.Shop, n int, settings map[string]any) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = shop.Another("login"+string(rune('A'+i)), settings)
	}
	return names
}

// The purposes of a code, by who asked for it and for which purpose.
func TestWhatACodeIsFor(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	ways := logins(shop, 12, nil)
	shop.Open(1)
	visitor := shop.Visitor()

	t.Run("purposes that there are not", func(t *testing.T) {
		spelt, e164 := blackbox.Phone()
		for _, purpose := range []any{"", "Login", "logout", " login", "login,register", 7, true, []string{"login"}} {
			data := visitor.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt, "purpose": purpose}).
				Fails(t, 400, "API_PARAMS_ERROR")
			require.Equal(t, "purpose", data["arg"], "%v", purpose)
		}
		require.Empty(t, shop.Codes(e164))
	})
	t.Run("an account purpose needs a user", func(t *testing.T) {
		spelt, e164 := blackbox.Phone()
		for _, purpose := range []string{"bind", "unbind", "checkMyMessage", "updatePhone"} {
			visitor.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt, "purpose": purpose}).
				Fails(t, 401, "LOGIN_REQUIRED")
		}
		require.Empty(t, shop.Codes(e164))
	})
	t.Run("login and register are one scope", func(t *testing.T) {
		for _, purpose := range []string{"login", "register"} {
			spelt, e164 := blackbox.Phone()
			code := shop.Code(visitor, ways[0], spelt, e164, blackbox.Args{"purpose": purpose})
			visitor.Call(ways[0], "getLoginCode", blackbox.Args{"phone": spelt, "code": code}).Fails(t, 404, "USER_NOT_REGISTERED")
			visitor.Call(ways[0], "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"}).OK(t)
			visitor.Call(ways[0], "getLoginCode", blackbox.Args{"phone": spelt, "code": code}).Fails(t, 401, "CODE_REJECTED")
		}
	})
	t.Run("a signed-in user may ask for the anonymous scope", func(t *testing.T) {
		p := shop.SignUp(ways[0])
		code := shop.Code(p.Client, ways[1], p.Phone, p.E164, blackbox.Args{"purpose": "login"})
		p.Call(ways[1], "unbind", blackbox.Args{"userId": p.UserID, "code": code}).Fails(t, 401, "CODE_REJECTED")
		visitor.Call(ways[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).OK(t)
	})
	t.Run("a user's code without a purpose is for their account", func(t *testing.T) {
		p := shop.SignUp(ways[0])
		code := shop.Code(p.Client, ways[1], p.Phone, p.E164)
		p.Call(ways[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).Fails(t, 401, "CODE_REJECTED")
		ticket := p.Call(ways[1], "checkMyMessage", blackbox.Args{"code": code}).OK(t).Text("ticket")
		require.GreaterOrEqual(t, len(ticket), 22)
		p.Call(ways[1], "checkMyMessage", blackbox.Args{"code": code}).Fails(t, 401, "CODE_REJECTED")
	})
	t.Run("a purpose is for itself alone", func(t *testing.T) {
		p := shop.SignUp(ways[0])
		for i, purpose := range []string{"unbind", "checkMyMessage"} {
			way := ways[1+i]
			code := shop.Code(p.Client, way, p.Phone, p.E164, blackbox.Args{"purpose": purpose})
			other := map[string]string{"unbind": "checkMyMessage", "checkMyMessage": "unbind"}[purpose]
			args := blackbox.Args{"code": code}
			if other == "unbind" {
				args["userId"] = p.UserID
			}
			p.Call(way, other, args).Fails(t, 401, "CODE_REJECTED")
			visitor.Call(way, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).Fails(t, 401, "CODE_REJECTED")
			// The code still works for its purpose.
			args = blackbox.Args{"code": code}
			if purpose == "unbind" {
				args["userId"] = p.UserID
			}
			p.Call(way, purpose, args).OK(t)
			if purpose == "unbind" {
				break
			}
		}
	})
	t.Run("a user's code is theirs", func(t *testing.T) {
		ann, bob := shop.SignUp(ways[0]), shop.SignUp(ways[0])
		spelt, e164 := blackbox.Phone()
		code := shop.Code(ann.Client, ways[1], spelt, e164, blackbox.Args{"purpose": "bind"})
		unbind(t, shop, bob, ways[2])
		bob.Call(ways[1], "bind", blackbox.Args{"userId": bob.UserID, "phone": spelt, "code": code}).Fails(t, 401, "CODE_REJECTED")
		unbind(t, shop, ann, ways[2])
		ann.Call(ways[1], "bind", blackbox.Args{"userId": ann.UserID, "phone": spelt, "code": code}).OK(t)
	})
	t.Run("codes of two holders live side by side, under one interval", func(t *testing.T) {
		p := shop.SignUp(ways[0])
		own := shop.Code(p.Client, ways[1], p.Phone, p.E164, blackbox.Args{"purpose": "checkMyMessage"})
		visitor.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": p.Phone}).Fails(t, 429, "SEND_TOO_FREQUENT")
		p.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": p.Phone, "purpose": "login"}).Fails(t, 429, "SEND_TOO_FREQUENT")
		// A code works only for its own login.
		code := shop.Code(visitor, ways[2], p.Phone, p.E164)
		visitor.Call(ways[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).Fails(t, 401, "CODE_REJECTED")
		p.Call(ways[1], "checkMyMessage", blackbox.Args{"code": own}).OK(t)
	})
	t.Run("the phone may be left out where it is the user's own", func(t *testing.T) {
		p := shop.SignUp(ways[0])
		spelt, e164 := blackbox.Phone()
		for i, purpose := range []string{"checkMyMessage", "unbind"} {
			before := len(shop.Codes(p.E164))
			p.Client.SendWhenAllowed(ways[1+i], blackbox.Args{"purpose": purpose}).OK(t)
			require.Len(t, shop.Codes(p.E164), before+1)
			p.Call(ways[3], "sendMessage", blackbox.Args{"purpose": purpose, "phone": spelt}).Fails(t, 403, "FORBIDDEN")
		}
		for _, args := range []blackbox.Args{{}, {"purpose": "bind"}, {"purpose": "updatePhone"}, {"purpose": "login"}} {
			data := p.Call(ways[3], "sendMessage", args).Fails(t, 400, "API_PARAMS_ERROR")
			require.Equal(t, "phone", data["arg"])
		}
		visitor.Call(ways[3], "sendMessage", blackbox.Args{"purpose": "unbind"}).Fails(t, 401, "LOGIN_REQUIRED")
		require.Empty(t, shop.Codes(e164))
		unbind(t, shop, p, ways[4])
		p.Call(ways[5], "sendMessage", blackbox.Args{"purpose": "unbind"}).Fails(t, 409, "PHONE_NOT_BOUND")
		p.Call(ways[5], "sendMessage", blackbox.Args{"purpose": "checkMyMessage", "phone": p.Phone}).Fails(t, 409, "PHONE_NOT_BOUND")
	})
	t.Run("what can't be a code is no guess", func(t *testing.T) {
		spelt, e164 := blackbox.Phone()
		code := shop.Code(visitor, ways[0], spelt, e164)
		for _, text := range []any{"", code[:5], code + "0", " " + code, code + "\n", "12345a", "１２３４５６", "-12345", 123456, nil} {
			data := visitor.Call(ways[0], "getLoginCode", blackbox.Args{"phone": spelt, "code": text}).Fails(t, 400, "API_PARAMS_ERROR")
			require.Equal(t, "code", data["arg"], "%q", text)
		}
		require.True(t, works(t, visitor, ways[0], spelt, code), "ten of them are no ten guesses")
	})
	t.Run("wrong, used, and never sent are one answer", func(t *testing.T) {
		spelt, e164 := blackbox.Phone()
		never, _ := blackbox.Phone()
		code := shop.Code(visitor, ways[0], spelt, e164)
		var bodies []string
		for _, args := range []blackbox.Args{
			{"phone": never, "code": code},
			{"phone": spelt, "code": blackbox.Wrong(code)},
		} {
			a := visitor.Call(ways[0], "getLoginCode", args)
			a.Fails(t, 401, "CODE_REJECTED")
			bodies = append(bodies, *a.Errmsg+string(a.Data))
		}
		visitor.Call(ways[0], "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"}).OK(t)
		used := visitor.Call(ways[0], "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"})
		used.Fails(t, 401, "CODE_REJECTED")
		bodies = append(bodies, *used.Errmsg+string(used.Data))
		require.Equal(t, bodies[0], bodies[1])
		require.Equal(t, bodies[0], bodies[2])
	})
	t.Run("a known phone's register", func(t *testing.T) {
		p := shop.SignUp(ways[0])
		code := shop.Code(visitor, ways[1], p.Phone, p.E164)
		visitor.Call(ways[1], "register", blackbox.Args{"phone": p.Phone, "code": code, "nick": "N"}).Fails(t, 409, "PHONE_IN_USE")
		again := visitor.Call(ways[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).OK(t)
		require.Equal(t, p.UserID, again.Text("userId"), "the code stayed usable")
	})
}

// unbind removes a person's phone.
func unbind(t *testing.T, shop *blackbox.Shop, p *blackbox.Person, way string) {
	t.Helper()
	code := shop.Code(p.Client, way, p.Phone, p.E164, blackbox.Args{"purpose": "unbind"})
	a := p.Call(way, "unbind", blackbox.Args{"userId": p.UserID, "code": code})
	a.OK(t)
	require.Equal(t, "1", string(a.Data))
}

// A code of ten digits works for its short lifetime and not after it.
func TestACodesLengthAndLife(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"codeLength": 10, "codeTTL": 6, "resendInterval": 2, "maxAttempts": 2})
	spelt, e164 := blackbox.Phone()
	begun := time.Now()
	sent := c.Send(spelt).OK(t)
	ends := time.Now().Add(6 * time.Second)
	require.Equal(t, blackbox.Dict{"code": 200.0, "message": "success", "resendAfter": 2.0, "expiresIn": 6.0}, sent)
	code := shop.Newest(e164)
	require.Regexp(t, `^\d{10}$`, code)
	// Reading it repeatedly doesn't prolong it.
	for time.Since(begun) < 5500*time.Millisecond {
		if a := c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": code}); !a.Is("USER_NOT_REGISTERED") {
			require.Greater(t, time.Since(begun), 5900*time.Millisecond, "gone too early")
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(time.Until(ends) + 100*time.Millisecond)
	c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"}).Fails(t, 401, "CODE_REJECTED")

	// A newer code retires the previous one. Two wrong guesses lock it but not its
	// successor.
	newer := sendWhenAllowed(t, c, blackbox.Login, spelt)
	newer.OK(t)
	second := shop.Newest(e164)
	wrong := blackbox.Wrong(code, second)
	for range 2 {
		c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": wrong}).Fails(t, 401, "CODE_REJECTED")
	}
	locked := c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": second})
	locked.Fails(t, 429, "CODE_LOCKED")
	require.Positive(t, locked.RetryAfter())
	require.LessOrEqual(t, locked.RetryAfter(), 6*time.Second, "until the code is gone")
	sendWhenAllowed(t, c, blackbox.Login, spelt).OK(t)
	third := shop.Newest(e164)
	require.False(t, works(t, c, blackbox.Login, spelt, second))
	require.True(t, works(t, c, blackbox.Login, spelt, third))
}

// The interval is exact.
func TestTheIntervalIsExact(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"resendInterval": 3})
	spelt, e164 := blackbox.Phone()
	c.Send(spelt).OK(t)
	refused := c.Send(spelt)
	data := refused.Fails(t, http.StatusTooManyRequests, "SEND_TOO_FREQUENT")
	require.Equal(t, refused.RetryAfter().Seconds(), data["retryAfter"])
	require.InDelta(t, 3, data["retryAfter"], 1)
	time.Sleep(refused.RetryAfter())
	c.Send(spelt).OK(t)
	require.Len(t, shop.Codes(e164), 2)
}

// After ten wrong guesses in an hour, over all codes, strangers can neither log in nor
// get a code. Users and devices have guesses of their own.
func TestWrongGuessesInAnHour(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 1, "maxAttempts": 4, "phoneHourlyLimit": 50, "phoneDailyLimit": 50})
	other := shop.Another("other", nil)
	shop.Open(1)
	stranger := shop.Visitor()
	owner := shop.SignUp(blackbox.Login)
	spelt, e164 := owner.Phone, owner.E164
	guess := func(c *blackbox.Client, code string) *blackbox.Answer {
		return c.Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": spelt, "code": code})
	}
	// Guesses while there is no code don't count.
	for range 11 {
		guess(stranger, "000000").Fails(t, 401, "CODE_REJECTED")
	}
	wrong := 0
	for range 3 { // 4, 4 and 2 guesses
		sendWhenAllowed(t, stranger, blackbox.Login, spelt).OK(t)
		code := shop.Newest(e164)
		for wrong < 10 {
			a := guess(stranger, blackbox.Wrong(code))
			if a.Is("CODE_LOCKED") {
				break
			}
			a.Fails(t, 401, "CODE_REJECTED")
			wrong++
		}
		if wrong == 4 {
			guess(stranger, code).Fails(t, 429, "CODE_LOCKED")
		}
	}
	require.Equal(t, 10, wrong)
	code := shop.Newest(e164)
	locked := guess(stranger, code)
	locked.Fails(t, 429, "CODE_LOCKED")
	require.Greater(t, locked.RetryAfter(), 50*time.Minute)
	sendWhenAllowed(t, stranger, blackbox.Login, spelt).Fails(t, 429, "SEND_LIMITED")

	// Nor through another login.
	stranger.SendWhenAllowed(other, blackbox.Args{"phone": spelt}).Fails(t, 429, "SEND_LIMITED")
	// The owner's device isn't locked out: it may send, and has guesses of its own.
	device := stranger.With("Lintel-Device", owner.DeviceToken)
	guess(device, code).OK(t)
	sendWhenAllowed(t, device, blackbox.Login, spelt).OK(t)
	guess(device, blackbox.Wrong(shop.Newest(e164))).Fails(t, 401, "CODE_REJECTED")
	guess(device, shop.Newest(e164)).OK(t)
	// A device token of another phone counts as a stranger's.
	nobody := shop.SignUp(other)
	sendWhenAllowed(t, stranger.With("Lintel-Device", nobody.DeviceToken), blackbox.Login, spelt).Fails(t, 429, "SEND_LIMITED")
	// The signed-in owner has guesses of their own, too.
	a := owner.SendWhenAllowed(blackbox.Login, blackbox.Args{"phone": spelt, "purpose": "checkMyMessage"})
	a.OK(t)
	owner.Call(blackbox.Login, "checkMyMessage", blackbox.Args{"code": shop.Newest(e164)}).OK(t)
}
