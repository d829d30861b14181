package verification

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/captcha"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	off    = captchaOff
	risk   = captchaRisk
	always = captchaAlways
)

// from is a call of nobody from an address.
func from(address string) element.Call {
	return element.Call{Element: login, Caller: element.Caller{Address: address}}
}

// try describes a send.
type try struct {
	mode     string
	call     element.Call
	identity string
	answer   *elementv1.CaptchaAnswer
	closed   bool // allowRegister 0
}

func (w *world) try(t try) (*held, error) {
	if t.call.Element == "" {
		t.call = call()
	}
	t.call.Config = configOf(w.t, map[string]any{"captcha": t.mode, "allowRegister": map[bool]int{false: 1, true: 0}[t.closed]})
	return w.hold(t.call, &elementv1.ReserveRequest{
		Identity: t.identity, Captcha: t.answer,
		Crowds: []string{"prefix " + t.identity[:8], "country " + t.identity[:3]},
	})
}

// number returns the nth identity of a prefix.
func number(prefix string, n int) string { return fmt.Sprintf("%s%06d", prefix, n) }

// pow makes a captcha and solves it.
func (w *world) pow(id string) *elementv1.CaptchaAnswer {
	w.t.Helper()
	made, err := w.svc.MakeCaptcha(w.in(call()), &elementv1.MakeCaptchaRequest{Kind: elementv1.CaptchaKind_CAPTCHA_KIND_POW, Id: id})
	require.NoError(w.t, err)
	c := made.GetChallenge()
	for n := range c.GetMax() + 1 {
		answer := strconv.FormatInt(n, 10)
		if sum := sha256.Sum256([]byte(c.GetSalt() + answer)); hex.EncodeToString(sum[:]) == c.GetHash() {
			return &elementv1.CaptchaAnswer{Token: made.GetToken(), Answer: answer}
		}
	}
	w.t.Fatal("there is no answer")
	return nil
}

func (w *world) requireError(reason string, err error) {
	w.t.Helper()
	requireCode(w.t, codes.CaptchaError, err)
	e, _ := errcode.As(err)
	require.Equal(w.t, reason, e.Details["reason"])
	require.Zero(w.t, e.RetryAfter)
}

func TestACaptchaIsAskedForAsThePolicySays(t *testing.T) {
	w := newWorld(t)
	for n, mode := range []string{off, risk} {
		_, err := w.try(try{mode: mode, identity: number("+8613800", n)})
		require.NoError(t, err)
	}
	_, err := w.try(try{mode: always, identity: mobile})
	requireCode(t, codes.CaptchaRequired, err)
	_, err = w.try(try{mode: always, identity: mobile, answer: w.pow("")})
	require.NoError(t, err)
	_, err = w.try(try{mode: "sometimes", identity: other})
	requireCode(t, errcode.Internal, err)
}

func TestAGivenCaptchaIsCheckedWhateverThePolicySays(t *testing.T) {
	w := newWorld(t)
	for i, mode := range []string{off, risk, always} {
		identity := number("+8613800", i)
		answer := w.pow("")
		miss := &elementv1.CaptchaAnswer{Token: answer.GetToken(), Answer: "-1"}
		_, err := w.try(try{mode: mode, identity: identity, answer: miss})
		w.requireError("wrong", err)
		_, err = w.try(try{mode: mode, identity: identity, answer: answer})
		w.requireError("expired", err)
		for _, token := range []string{"", "x", "11111111-2222-4333-8444-555555555555"} {
			_, err = w.try(try{mode: mode, identity: identity, answer: &elementv1.CaptchaAnswer{Token: token}})
			w.requireError("expired", err)
		}
		_, err = w.try(try{mode: mode, identity: identity, answer: w.pow("")})
		require.NoError(t, err, "what failed has taken nothing")
	}
}

func TestACaptchaIsOverAfterTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const id = "2f1d8a52-6a63-4b7f-9a4e-1f0b7c1d2e3f"
		plain, named := w.pow(""), w.pow(id)
		require.Equal(t, id, named.GetToken())
		time.Sleep(2*time.Minute - time.Second)
		_, err := w.try(try{mode: always, identity: mobile, answer: named})
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = w.try(try{mode: always, identity: other, answer: plain})
		w.requireError("expired", err)
		_, err = w.try(try{mode: always, identity: other, answer: named})
		w.requireError("expired", err)
	})
}

func TestACaptchaUnderANameIsItsInstances(t *testing.T) {
	w := newWorld(t)
	const id = "2f1d8a52-6a63-4b7f-9a4e-1f0b7c1d2e3f"
	answer := w.pow(id)
	elsewhere := element.Call{Element: "auths.loginTypes.other"}
	_, err := w.try(try{mode: always, call: elsewhere, identity: mobile, answer: answer})
	w.requireError("expired", err)
	again := w.pow(id)
	_, err = w.try(try{mode: always, identity: mobile, answer: answer})
	if answer.GetAnswer() != again.GetAnswer() {
		w.requireError("wrong", err)
	}
	answer = w.pow(id)
	answer.Token = strings.ToUpper(id)
	_, err = w.try(try{mode: always, identity: mobile, answer: answer})
	require.NoError(t, err)
	for _, wrong := range []string{"1", "sms_13800138000", strings.ReplaceAll(id, "-", ""), "urn:uuid:" + id} {
		_, err := w.svc.MakeCaptcha(w.in(call()), &elementv1.MakeCaptchaRequest{Kind: elementv1.CaptchaKind_CAPTCHA_KIND_POW, Id: wrong})
		requireCode(t, errcode.Params, err)
	}
}

func TestWherePeopleReadCaptchasNoComputationIsAccepted(t *testing.T) {
	w := newWorld(t)
	w.set("captcha", always)
	w.set("captchaKind", captchaImage)
	for n, id := range []string{"", "2f1d8a52-6a63-4b7f-9a4e-1f0b7c1d2e3f"} {
		identity := number("+8613800", n)
		answer := w.pow(id)
		_, err := w.hold(call(), &elementv1.ReserveRequest{Identity: identity, Captcha: answer})
		w.requireError("wrong", err)
		_, err = w.hold(call(), &elementv1.ReserveRequest{Identity: identity, Captcha: answer})
		w.requireError("expired", err)
	}
	require.True(t, policy{CaptchaKind: captchaImage}.accepts(captcha.Image))
	require.True(t, policy{CaptchaKind: captchaImage}.accepts(captcha.Audio))
	for _, kind := range []captcha.Kind{captcha.Pow, captcha.Image, captcha.Audio} {
		require.True(t, policy{CaptchaKind: captchaPow}.accepts(kind))
	}
}

func TestAStoreThatIsAwayIsNoWrongCaptcha(t *testing.T) {
	w := newWorld(t)
	answer := w.pow("2f1d8a52-6a63-4b7f-9a4e-1f0b7c1d2e3f")
	w.store.down["Token"] = 1
	_, err := w.try(try{mode: always, identity: mobile, answer: answer})
	requireCode(t, errcode.StoreUnavailable, err)
	w.store.down["Reserve"] = 1
	_, err = w.try(try{mode: always, identity: mobile, answer: answer})
	requireCode(t, errcode.StoreUnavailable, err)
	_, err = w.try(try{mode: always, identity: mobile, answer: answer})
	require.NoError(t, err)
}

func TestCooldownComesBeforeTheCaptchaAndLimitsAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.pow("")
		_, err := w.try(try{mode: always, identity: mobile, answer: first})
		require.NoError(t, err)
		kept := w.pow("")
		for _, answer := range []*elementv1.CaptchaAnswer{nil, kept, first, {Token: "x"}} {
			_, err = w.try(try{mode: always, identity: mobile, answer: answer})
			requireCode(t, codes.SendTooFrequent, err)
		}
		_, err = w.try(try{mode: always, identity: other, answer: kept})
		require.NoError(t, err, "the cooldown has used no captcha up")
		for range 4 {
			time.Sleep(45 * time.Second)
			_, err = w.try(try{mode: always, identity: mobile, answer: w.pow("")})
			require.NoError(t, err)
		}
		time.Sleep(45 * time.Second)
		_, err = w.try(try{mode: always, identity: mobile})
		requireCode(t, codes.CaptchaRequired, err)
		kept = w.pow("")
		_, err = w.try(try{mode: always, identity: mobile, answer: kept})
		requireCode(t, codes.SendLimited, err)
		_, err = w.try(try{mode: always, identity: number("+8613800", 1), answer: kept})
		require.NoError(t, err, "a limit has used no captcha up")
	})
}

func TestAnAddressIsAskedAfterThreeSendsInAnHour(t *testing.T) {
	for _, closed := range []bool{false, true} { // unknown phones are like any other
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			n := 0
			send := func(address string, answer *elementv1.CaptchaAnswer) error {
				n++
				_, err := w.try(try{mode: risk, call: from(address), identity: number("+8613800", n), answer: answer, closed: closed})
				return err
			}
			for range 3 {
				require.NoError(t, send("2001:db8:1:2::1", nil))
				time.Sleep(time.Minute)
			}
			requireCode(t, codes.CaptchaRequired, send("2001:db8:1:2::1", nil))
			requireCode(t, codes.CaptchaRequired, send("2001:db8:1:2:ffff::1", nil))
			require.NoError(t, send("2001:db8:1:3::1", nil))
			require.NoError(t, send("2001:db8:1:2::1", w.pow("")))
			time.Sleep(56*time.Minute + 59*time.Second)
			requireCode(t, codes.CaptchaRequired, send("2001:db8:1:2::1", nil))
			time.Sleep(61 * time.Second)
			require.NoError(t, send("2001:db8:1:2::1", nil), "two of the hour's sends are left")
			requireCode(t, codes.CaptchaRequired, send("2001:db8:1:2::1", nil))
		})
	}
}

// Each send comes from an address of its own, so that only risk groups require a
// captcha.
func TestARiskGroupThatVerifiesNothingNeedsCaptchas(t *testing.T) {
	for name, test := range map[string]struct {
		sends, verified int
		after           time.Duration
		identity        string
		asked           bool
	}{
		"the prefix":               {20, 0, 2 * time.Minute, number("+8613800", 9999), true},
		"the country":              {20, 0, 2 * time.Minute, number("+8613999", 9999), true},
		"the app":                  {20, 0, 2 * time.Minute, number("+4474001", 9999), true},
		"too few":                  {19, 0, 2 * time.Minute, number("+8613800", 9999), false},
		"too young":                {20, 0, 2*time.Minute - time.Second, number("+8613800", 9999), false},
		"half of them verified":    {20, 10, 2 * time.Minute, number("+8613800", 9999), false},
		"less than half verified":  {20, 9, 2 * time.Minute, number("+8613800", 9999), true},
		"ten minutes later almost": {20, 0, 10*time.Minute - time.Second, number("+8613800", 9999), true},
		"ten minutes later":        {20, 0, 10 * time.Minute, number("+8613800", 9999), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				for i := range test.sends {
					r, err := w.try(try{mode: risk, call: from(fmt.Sprintf("192.0.2.%d", i)), identity: number("+8613800", i)})
					require.NoError(t, err)
					w.end(call(), r, elementv1.Outcome_OUTCOME_ACCEPTED)
					if i < test.verified {
						_, err := w.register(call(), number("+8613800", i), r.digits)
						require.NoError(t, err)
					}
				}
				time.Sleep(test.after)
				_, err := w.try(try{mode: risk, call: from("198.51.100.1"), identity: test.identity})
				if !test.asked {
					require.NoError(t, err)
					return
				}
				requireCode(t, codes.CaptchaRequired, err)
				_, err = w.try(try{mode: off, call: from("198.51.100.1"), identity: test.identity})
				require.NoError(t, err)
				_, err = w.try(try{mode: risk, call: from("198.51.100.1"), identity: number("+8613800", 10_000), answer: w.pow("")})
				require.NoError(t, err)
			})
		})
	}
}

func TestRiskGroupsNeedNames(t *testing.T) {
	w := newWorld(t)
	_, err := w.hold(call(), &elementv1.ReserveRequest{Identity: mobile, Crowds: []string{""}})
	requireCode(t, errcode.Internal, err)
	_, err = w.hold(call(), &elementv1.ReserveRequest{Identity: mobile, Crowds: []string{"1", "2", "3", "4", "5"}})
	requireCode(t, errcode.Internal, err)
}

func TestOneCaptchaForManySendsAtOnceIsOne(t *testing.T) {
	w := newWorld(t)
	for round := range 20 {
		answer := w.pow("")
		var ok, used atomic.Int64
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				_, err := w.try(try{mode: always, identity: number("+8613800", 50*round+i), answer: answer})
				switch {
				case err == nil:
					ok.Add(1)
				case errcode.Of(err) == codes.CaptchaError:
					used.Add(1)
				}
			})
		}
		group.Wait()
		require.Equal(t, int64(1), ok.Load())
		require.Equal(t, int64(49), used.Load())
	}
}

func TestPicturesAreMadeForAnAddressWithinItsLimit(t *testing.T) {
	w := newWorld(t)
	t.Cleanup(func() { require.NoError(t, w.svc.Close()) })
	made, err := w.svc.MakeCaptcha(w.in(from("192.0.2.1")), &elementv1.MakeCaptchaRequest{Kind: elementv1.CaptchaKind_CAPTCHA_KIND_IMAGE})
	require.NoError(t, err)
	require.NotEmpty(t, made.GetPng())
	require.Empty(t, made.GetWav())
	_, err = w.try(try{mode: always, identity: mobile, answer: &elementv1.CaptchaAnswer{Token: made.GetToken(), Answer: "no"}})
	w.requireError("wrong", err)
	_, err = w.svc.MakeCaptcha(w.in(call()), &elementv1.MakeCaptchaRequest{})
	requireCode(t, errcode.Params, err)
	// Named captchas are kept in the cache, so they are limited whatever their kind.
	for i := range 2000 {
		_, err = w.svc.MakeCaptcha(w.in(from("192.0.2.1")), &elementv1.MakeCaptchaRequest{
			Kind: elementv1.CaptchaKind_CAPTCHA_KIND_POW, Id: fmt.Sprintf("2f1d8a52-6a63-4b7f-9a4e-%012d", i),
		})
		if err != nil {
			break
		}
	}
	requireCode(t, codes.SendLimited, err)
	_, err = w.svc.MakeCaptcha(w.in(from("192.0.2.1")), &elementv1.MakeCaptchaRequest{Kind: elementv1.CaptchaKind_CAPTCHA_KIND_POW})
	require.NoError(t, err)
}
