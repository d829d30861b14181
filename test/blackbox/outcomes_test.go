package blackbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// works reports whether a code is right for an unregistered phone. A right code is
// neither used up nor counted as a guess.
func works(t *testing.T, c *blackbox.Client, login, spelt, code string) bool {
	t.Helper()
	a := c.Call(login, "getLoginCode", blackbox.Args{"phone": spelt, "code": code})
	if a.Is("USER_NOT_REGISTERED") {
		return true
	}
	a.Fails(t, http.StatusUnauthorized, "CODE_REJECTED")
	return false
}

// The outcome of a send, by the vendor's answer: whether one may ask again at once, and
// which codes work afterwards.
func TestVendorOutcomes(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 6})
	shop.Open(1)

	const accepted, refused, throttled, unknown = "accepted", "refused", "throttled", "unknown"
	tests := []struct {
		name   string
		turn   blackbox.Turn
		state  string
		status int
		code   string
		reason any
	}{
		{"accepted", blackbox.Accept, accepted, 200, "", nil},
		{"throttled", blackbox.Refuse, throttled, 429, "SEND_LIMITED", nil},
		{"refused for the key", blackbox.RefuseAuth, refused, 502, "SMS_REFUSED", "unavailable"},
		{"refused for lack of money", blackbox.RefuseBalance, refused, 502, "SMS_REFUSED", "unavailable"},
		{"refused for the number", blackbox.RefuseNumber, refused, 502, "SMS_REFUSED", "number"},
		{"refused for a block", blackbox.RefuseBlocked, refused, 502, "SMS_REFUSED", "number"},
		{"refused for the region", blackbox.RefuseRegion, refused, 502, "SMS_REFUSED", "region"},
		{"hangs", blackbox.Hang, unknown, 502, "SMS_FAILED", nil},
		{"cut after the request", blackbox.CutAfterRead, unknown, 502, "SMS_FAILED", nil},
		{"cut before the request", blackbox.CutBefore, unknown, 502, "SMS_FAILED", nil},
		{"an error page", blackbox.Status500, unknown, 502, "SMS_FAILED", nil},
		{"nonsense", blackbox.Nonsense, unknown, 502, "SMS_FAILED", nil},
		{"an empty answer", blackbox.Empty, unknown, 502, "SMS_FAILED", nil},
		{"no marker", blackbox.NoMarker, unknown, 502, "SMS_FAILED", nil},
		{"a redirect", blackbox.Redirect, unknown, 502, "SMS_FAILED", nil},
	}
	c := shop.Servers[0].Client()
	phones := make([]struct{ spelt, e164, old string }, len(tests))
	for i := range tests {
		phones[i].spelt, phones[i].e164 = blackbox.Phone()
		phones[i].old = shop.Code(c, blackbox.Login, phones[i].spelt, phones[i].e164)
	}
	time.Sleep(6 * time.Second) // one interval for all cases
	for i, test := range tests {
		p := phones[i]
		// One after the other, since all phones share the script of turns.
		shop.Vendor.Next(test.turn)
		cut := shop.Vendor.Cut()
		answer := sendWhenAllowed(t, c, blackbox.Login, p.spelt)
		again := c.Send(p.spelt)
		t.Run(test.name, func(t *testing.T) {
			codes := shop.Codes(p.e164)
			requests := len(codes) + shop.Vendor.Cut() - cut
			if test.state == accepted {
				answer.OK(t)
				again.Fails(t, 429, "SEND_TOO_FREQUENT")
				require.Equal(t, 2, requests)
				require.False(t, works(t, c, blackbox.Login, p.spelt, p.old), "the old code")
				require.True(t, works(t, c, blackbox.Login, p.spelt, codes[1]), "the new code")
				return
			}
			if test.turn == blackbox.CutBefore && answer.Is("SMS_REFUSED") {
				// The connection was never established, so nothing can have been sent.
				again.OK(t)
				return
			}
			data := answer.Fails(t, test.status, test.code)
			require.Equal(t, test.reason, data["reason"])
			switch test.state {
			case refused:
				// The next request succeeds at once.
				again.OK(t)
				require.Equal(t, 3, requests)
				require.False(t, works(t, c, blackbox.Login, p.spelt, codes[1]), "the refused code")
				require.True(t, works(t, c, blackbox.Login, p.spelt, codes[2]), "the accepted code")
			case throttled:
				again.Fails(t, 429, "SEND_TOO_FREQUENT")
				require.Equal(t, 2, requests)
				require.True(t, works(t, c, blackbox.Login, p.spelt, p.old), "the old code")
				require.False(t, works(t, c, blackbox.Login, p.spelt, codes[1]), "the refused code")
			case unknown:
				require.Equal(t, 6.0, data["resendAfter"])
				require.Equal(t, 300.0, data["expiresIn"])
				again.Fails(t, 429, "SEND_TOO_FREQUENT")
				require.Equal(t, 2, requests, "never sent again")
				require.True(t, works(t, c, blackbox.Login, p.spelt, p.old), "the old code")
				if len(codes) > 1 {
					require.True(t, works(t, c, blackbox.Login, p.spelt, codes[1]), "the new code")
				}
			}
		})
	}
	require.NotContains(t, shop.Log(), shop.Vendor.Key)
}

// A refusal keeps the previous code valid.
func TestARefusedSendLeavesTheOldCode(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"resendInterval": 1})
	spelt, e164 := blackbox.Phone()
	old := shop.Code(c, blackbox.Login, spelt, e164)
	shop.Vendor.Always(blackbox.RefuseBalance)
	sendWhenAllowed(t, c, blackbox.Login, spelt).Fails(t, 502, "SMS_REFUSED")
	require.True(t, works(t, c, blackbox.Login, spelt, old))
	require.False(t, works(t, c, blackbox.Login, spelt, shop.Newest(e164)))
}

// Refusals don't count as sends, but only ten an hour are allowed.
func TestRefusalsHaveALimitOfTheirOwn(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"phoneHourlyLimit": 2, "ipHourlyLimit": 13})
	spelt, e164 := blackbox.Phone()
	shop.Vendor.Always(blackbox.RefuseBalance)
	for range 10 {
		c.Send(spelt).Fails(t, 502, "SMS_REFUSED")
	}
	limited := c.Send(spelt)
	data := limited.Fails(t, 429, "SEND_LIMITED")
	require.Zero(t, limited.RetryAfter()%time.Minute, "rounded up to a minute")
	require.InDelta(t, 3600, data["retryAfter"], 60)
	require.Len(t, shop.Codes(e164), 10, "the vendor is asked once for each")
	// The address has paid for each of them.
	shop.Vendor.Always(blackbox.Accept)
	for range 3 {
		other, _ := blackbox.Phone()
		c.Send(other).OK(t)
	}
	other, _ := blackbox.Phone()
	c.Send(other).Fails(t, 429, "SEND_LIMITED")
}

// Without a connection nothing was sent, so the person may try again.
func TestAVendorThatIsNotThereIsARefusal(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	gone, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	config := shop.Vendor.Config()
	config["url"] = "http://" + gone.Addr().String() + "/send"
	require.NoError(t, gone.Close())
	shop.WriteJSON("SMS/gateway/sms.json", config)
	shop.Open(1)
	c := shop.Visitor()
	spelt, _ := blackbox.Phone()
	for range 2 {
		data := c.Send(spelt).Fails(t, 502, "SMS_REFUSED")
		require.Equal(t, "unavailable", data["reason"])
	}
}

// Once reserved, a send finishes even if the client's connection breaks.
func TestASendOutlivesItsClient(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, map[string]any{"resendInterval": 1})
	spelt, e164 := blackbox.Phone()
	old := shop.Code(c, blackbox.Login, spelt, e164)
	time.Sleep(time.Second)
	shop.Vendor.Delay(time.Second)
	ctx, hangUp := context.WithCancel(t.Context())
	body, err := json.Marshal(blackbox.Args{"phone": spelt})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		shop.Servers[0].URL+shop.Servers[0].Path(blackbox.Login, "sendMessage"), bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	go func() {
		for len(shop.Codes(e164)) < 2 && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		hangUp()
	}()
	_, err = c.Do(request)
	require.ErrorIs(t, err, context.Canceled)
	codes := shop.Codes(e164)
	require.Len(t, codes, 2)
	// The vendor accepts a second later, which retires the old code.
	blackbox.Eventually(t, 10*time.Second, "the old code is retired", func() bool {
		return !works(t, c, blackbox.Login, spelt, old)
	})
	require.True(t, works(t, c, blackbox.Login, spelt, codes[1]))
	require.Len(t, shop.Codes(e164), 2)
}

// sendWhenAllowed asks for a code as soon as the phone's interval is over.
func sendWhenAllowed(t *testing.T, c *blackbox.Client, login, spelt string) *blackbox.Answer {
	t.Helper()
	return c.SendWhenAllowed(login, blackbox.Args{"phone": spelt})
}
