package blackbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// Whatever the outcome of a send, its repeat gets the same answer, and nothing is sent
// again.
func TestARepeatedSendIsNotSentAgain(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, nil)
	for turn, code := range map[blackbox.Turn]string{
		blackbox.Nonsense: "SMS_FAILED", blackbox.CutAfterRead: "SMS_FAILED", blackbox.RefuseBalance: "SMS_REFUSED", blackbox.Refuse: "SEND_LIMITED",
	} {
		spelt, e164 := blackbox.Phone()
		shop.Vendor.Next(turn)
		keyed := c.With("Idempotency-Key", "repeat-of-a-send-"+spelt)
		first := keyed.Send(spelt)
		again := keyed.Send(spelt)
		require.Equal(t, code, first.Code)
		require.Equal(t, first.Status, again.Status)
		require.Equal(t, first.Code, again.Code)
		require.JSONEq(t, string(first.Data), string(again.Data))
		require.Equal(t, first.RetryAfter(), again.RetryAfter())
		require.Len(t, shop.Codes(e164), 1)
	}
}

// A client that lost an answer asks for it again.
func TestALostAnswerIsGivenAgain(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	s := shop.Servers[0]
	c := shop.Visitor()
	shop.Vendor.Delay(time.Second)
	spelt, e164 := blackbox.Phone()
	body, err := json.Marshal(blackbox.Args{"phone": spelt})
	require.NoError(t, err)
	ctx, hangUp := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+s.Path(blackbox.Login, "sendMessage"), bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "an-answer-that-is-lost")
	go func() {
		for len(shop.Codes(e164)) == 0 && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		hangUp()
	}()
	_, err = c.Do(request)
	require.ErrorIs(t, err, context.Canceled)
	again := c.With("Idempotency-Key", "an-answer-that-is-lost").Send(spelt)
	again.OK(t)
	require.Len(t, shop.Codes(e164), 1)
	require.True(t, works(t, c, blackbox.Login, spelt, shop.Newest(e164)))
}

// A browser that has logged in before can log in while strangers guess.
func TestABrowsersDeviceCookie(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 1})
	other := shop.Another("other", nil)
	shop.Open(1)
	browser, stranger := shop.Servers[0].Client(), shop.Servers[0].Client()
	spelt, e164 := blackbox.Phone()
	code := shop.Code(browser, other, spelt, e164)
	user := browser.Call(other, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"}).OK(t)
	browser.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "web"}).OK(t)
	browser.Call(blackbox.Sessions, "logout", nil).OK(t)

	code = shop.Code(stranger, blackbox.Login, spelt, e164)
	login := blackbox.Args{"phone": spelt, "code": blackbox.Wrong(code)}
	for range 5 {
		stranger.Call(blackbox.Login, "getLoginCode", login).Fails(t, 401, "CODE_REJECTED")
	}
	login["code"] = code
	stranger.Call(blackbox.Login, "getLoginCode", login).Fails(t, 429, "CODE_LOCKED")
	browser.With("Origin", "https://evil.example").Call(blackbox.Login, "getLoginCode", login).Fails(t, 429, "CODE_LOCKED")
	browser.Call(blackbox.Login, "getLoginCode", login).OK(t)
}

// A repeated logout gets the first one's answer.
func TestARepeatedLogout(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	p := shop.SignUp(blackbox.Login)
	keyed := p.With("Idempotency-Key", "the-logout-of-a-user")
	first := keyed.Call(blackbox.Sessions, "logout", nil)
	first.OK(t)
	again := keyed.Call(blackbox.Sessions, "logout", nil)
	require.JSONEq(t, string(first.Data), string(again.Data))
	shop.Visitor().With("Idempotency-Key", "the-logout-of-a-user").Call(blackbox.Sessions, "logout", nil).Fails(t, 401, "LOGIN_REQUIRED")
}

// So do a repeated end of one's own session, and a repeated refresh after its cookie
// has arrived.
func TestRepeatsAcrossTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	p := shop.SignUp(blackbox.Login)
	mine := p.Call(blackbox.Sessions, "currentUser", nil).OK(t).Text("sessionId")
	keyed := p.With("Idempotency-Key", "ending-the-own-session")
	for range 2 {
		keyed.Call(blackbox.Sessions, "endSession", blackbox.Args{"sessionId": mine}).OK(t)
	}
	p.Call(blackbox.Sessions, "endSession", blackbox.Args{"sessionId": mine}).Fails(t, 401, "LOGIN_REQUIRED")

	browser := shop.Visitor()
	spelt, e164 := blackbox.Phone()
	code := shop.Code(browser, blackbox.Login, spelt, e164)
	user := browser.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"}).OK(t)
	browser.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "web"}).OK(t)
	refresh := browser.With("Idempotency-Key", "a-refresh-of-a-browser")
	first := refresh.Call(blackbox.Sessions, "refresh", nil)
	again := refresh.Call(blackbox.Sessions, "refresh", nil)
	again.OK(t)
	require.Equal(t, first.Header.Values("Set-Cookie"), again.Header.Values("Set-Cookie"))
	browser.Call(blackbox.Sessions, "refresh", nil).OK(t)
	refresh.Call(blackbox.Sessions, "refresh", nil).Fails(t, 409, "API_PARAMS_ERROR")
	browser.Call(blackbox.Sessions, "currentUser", nil).OK(t)
}
