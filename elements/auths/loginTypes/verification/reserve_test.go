package verification

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestDigitsAreUniform(t *testing.T) {
	const n = 100_000
	var seen [10]int
	for range n / 10 {
		code := randomDigits(10)
		require.Len(t, code, 10)
		for _, c := range code {
			seen[c-'0']++
		}
	}
	// Chi-square with 9 degrees of freedom: 45 is exceeded once in a million runs.
	var chi float64
	for _, count := range seen {
		d := float64(count) - n/10
		chi += d * d / (n / 10)
	}
	require.Less(t, chi, 45.0, "%v", seen)
}

func TestCooldownIsToldExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.send(call(), mobile, "")
		time.Sleep(10*time.Second + 300*time.Millisecond)
		_, err := w.reserve(call(), mobile, "")
		requireCode(t, codes.SendTooFrequent, err)
		e, _ := errcode.As(err)
		require.EqualValues(t, 35, e.Details["retryAfter"], "34.7 seconds are left")
		require.Equal(t, 35*time.Second, e.RetryAfter)
		time.Sleep(34*time.Second + 700*time.Millisecond)
		_, err = w.reserve(call(), mobile, "")
		require.NoError(t, err)
	})
}

func TestCooldownIsThePhonesOverAllScopes(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u"})
	w.send(call(), mobile, "login")
	_, err := w.reserve(as("u"), mobile, "bind")
	requireCode(t, codes.SendTooFrequent, err)
}

func TestPhoneLimitIsToldInMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 5 {
			w.send(call(), mobile, "")
			time.Sleep(time.Minute)
		}
		_, err := w.reserve(call(), mobile, "")
		requireCode(t, codes.SendLimited, err)
		e, _ := errcode.As(err)
		require.Equal(t, 55*time.Minute, e.RetryAfter)
		require.EqualValues(t, 55*60, e.Details["retryAfter"])
	})
}

func TestAddressLimit(t *testing.T) {
	from := func(address string) element.Call {
		c := call()
		c.Caller.Address = address
		return c
	}
	for name, tc := range map[string]struct {
		addresses [2]string
		shared    bool
	}{
		"one IPv4 address":              {[2]string{"192.0.2.1", "192.0.2.1"}, true},
		"two IPv4 addresses":            {[2]string{"192.0.2.1", "192.0.2.2"}, false},
		"IPv4 and the same mapped":      {[2]string{"192.0.2.1", "::ffff:192.0.2.1"}, true},
		"one IPv6 /64":                  {[2]string{"2001:db8::1", "2001:db8::ffff:1"}, true},
		"two IPv6 /64":                  {[2]string{"2001:db8::1", "2001:db8:0:1::1"}, false},
		"nobody's address has no limit": {[2]string{"", ""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.set("ipHourlyLimit", 1)
			for i, address := range tc.addresses {
				_, err := w.hold(from(address), &elementv1.ReserveRequest{Identity: []string{mobile, other}[i]})
				if i == 1 && tc.shared {
					requireCode(t, codes.SendLimited, err)
					continue
				}
				require.NoError(t, err)
			}
		})
	}
}

func TestAppLimit(t *testing.T) {
	w := newWorld(t)
	w.set("appHourlyLimit", 1)
	_, err := w.hold(call(), &elementv1.ReserveRequest{Identity: mobile})
	require.NoError(t, err)
	_, err = w.hold(call(), &elementv1.ReserveRequest{Identity: other})
	requireCode(t, codes.SendLimited, err)
	w.set("appHourlyLimit", 0)
	_, err = w.hold(call(), &elementv1.ReserveRequest{Identity: other})
	require.NoError(t, err, "a limit that refused took nothing")
}

func TestPurposes(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.dir.add(databases.User{ID: "bare"})
	for _, purpose := range []string{"bind", "unbind", "checkMyMessage", "updatePhone"} {
		_, err := w.reserve(call(), mobile, purpose)
		requireCode(t, errcode.LoginRequired, err)
	}
	_, err := w.reserve(call(), mobile, "nonsense")
	requireCode(t, errcode.Params, err)
	for _, purpose := range []string{"unbind", "checkMyMessage"} {
		_, err = w.reserve(as("u"), other, purpose)
		requireCode(t, errcode.Forbidden, err)
		_, err = w.reserve(as("bare"), mobile, purpose)
		requireCode(t, codes.PhoneNotBound, err)
	}
	_, err = w.reserve(as("u"), mobile, "unbind")
	require.NoError(t, err, "what was refused took no cooldown")
}

func TestWithoutPurposeAUsersCodeIsForTheirAccountOnly(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(as("u"), mobile, "")
	_, err := w.exchange(call(), mobile, code)
	requireCode(t, codes.CodeRejected, err)
	_, err = w.ticket(as("u"), code)
	require.NoError(t, err)
}

func TestSignedInUserMayAskForTheAnonymousScope(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(as("u"), mobile, "login")
	_, err := w.exchange(call(), mobile, code)
	require.NoError(t, err)
}

func TestAccountCodeWorksForItsPurposeOnly(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(as("u"), mobile, "checkMyMessage")
	requireCode(t, codes.CodeRejected, w.unbind(as("u"), code))
	_, err := w.ticket(as("u"), code)
	require.NoError(t, err)
}

func TestNeverSeenPhoneCostsNoLookUp(t *testing.T) {
	w := newWorld(t)
	w.send(call(), mobile, "")
	require.Zero(t, w.dir.count("UserByPhone"))
	require.Zero(t, w.dir.count("Device"))
}

func TestClosedRegistrationTellsNobodyWhoIsKnown(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.set("allowRegister", 0)
	reserved := map[string]*held{}
	for _, identity := range []string{mobile, other} {
		r, err := w.reserve(call(), identity, "")
		require.NoError(t, err)
		reserved[identity] = r
		require.True(t, r.later)
		// Nothing is given back, whatever the vendor says.
		w.end(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
		_, err = w.reserve(call(), identity, "")
		requireCode(t, codes.SendTooFrequent, err)
	}
	require.True(t, reserved[mobile].deliver)
	require.False(t, reserved[other].deliver)
	require.Equal(t, 2, w.dir.count("UserByPhone")/2, "one look-up a send, known or not")

	// Guesses at both are answered alike.
	for n := 1; n <= 6; n++ {
		_, known := w.exchange(call(), mobile, wrong(reserved[mobile].digits, n))
		_, unknown := w.exchange(call(), other, wrong(reserved[mobile].digits, n))
		require.Equal(t, errcode.Of(known), errcode.Of(unknown), "guess %d", n)
		want := codes.CodeRejected
		if n == 6 {
			want = codes.CodeLocked
		}
		requireCode(t, want, known)
	}
}

func TestClosedRegistrationSendsToAccountsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.set("allowRegister", 0)
	r, err := w.hold(as("u"), &elementv1.ReserveRequest{Identity: other, Purpose: "updatePhone"})
	require.NoError(t, err)
	require.False(t, r.later)
	require.True(t, r.deliver)
}

func TestDeviceThatHasLoggedInHasBucketsOfItsOwn(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.dir.devices[tokens.Hash("device")] = databases.Device{Hash: tokens.Hash("device"), Phone: mobile, UserID: "u"}
	owner := call()
	owner.Caller.Device = "device"

	code := w.send(call(), mobile, "")
	for n := 1; n <= 5; n++ {
		_, err := w.exchange(call(), mobile, wrong(code, n))
		requireCode(t, codes.CodeRejected, err)
	}
	_, err := w.exchange(call(), mobile, code)
	requireCode(t, codes.CodeLocked, err)
	_, err = w.exchange(owner, mobile, code)
	require.NoError(t, err, "strangers can't lock the owner out")
}

func TestDeviceOfAnotherPhoneIsAStrangers(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.dir.devices[tokens.Hash("device")] = databases.Device{Hash: tokens.Hash("device"), Phone: other, UserID: "x"}
	code := w.send(call(), mobile, "")
	for n := 1; n <= 5; n++ {
		_, _ = w.exchange(call(), mobile, wrong(code, n))
	}
	for _, token := range []string{"device", "unknown", strings.Repeat("x", 10_000)} {
		c := call()
		c.Caller.Device = token
		_, err := w.exchange(c, mobile, code)
		requireCode(t, codes.CodeLocked, err)
	}
}

// Each outcome of a send decides whether the new code, the previous code, and another
// send work afterwards.
func TestOutcomesOfASend(t *testing.T) {
	for name, tc := range map[string]struct {
		settle          func(w *world, r *held)
		fresh, old, now bool
	}{
		"accepted": {func(w *world, r *held) {
			w.end(call(), r, elementv1.Outcome_OUTCOME_ACCEPTED)
		}, true, false, false},
		"refused": {func(w *world, r *held) {
			w.end(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
		}, false, true, true},
		"unknown": {func(w *world, r *held) {
			w.end(call(), r, elementv1.Outcome_OUTCOME_UNKNOWN)
		}, true, true, false},
		"never settled": {func(*world, *held) {}, true, true, false},
		"refused after accepted": {func(w *world, r *held) {
			w.end(call(), r, elementv1.Outcome_OUTCOME_ACCEPTED)
			w.end(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
		}, true, false, false},
	} {
		for _, which := range []string{"new", "old", "send"} {
			t.Run(name+"/"+which, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.dir.add(databases.User{ID: "u", Phone: mobile})
					before := w.send(call(), mobile, "")
					time.Sleep(time.Minute)
					r, err := w.reserve(call(), mobile, "")
					require.NoError(t, err)
					tc.settle(w, r)
					works := map[string]bool{"new": tc.fresh, "old": tc.old, "send": tc.now}[which]
					switch which {
					case "new":
						_, err = w.exchange(call(), mobile, r.digits)
					case "old":
						_, err = w.exchange(call(), mobile, before)
					case "send":
						_, err = w.reserve(call(), mobile, "")
					}
					if works {
						require.NoError(t, err)
					} else {
						require.Error(t, err)
					}
				})
			})
		}
	}
}

func TestRefusalsHaveALimitOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	for range 10 {
		r, err := w.reserve(call(), mobile, "")
		require.NoError(t, err)
		w.end(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
	}
	_, err := w.reserve(call(), mobile, "")
	requireCode(t, codes.SendLimited, err)
}

func TestOutsideACallNothingIsDone(t *testing.T) {
	w := newWorld(t)
	_, err := w.svc.Send(t.Context(), &elementv1.SendRequest{ArgsJson: []byte(`{}`)})
	requireCode(t, errcode.Forbidden, err)
}

func TestRepeatOfASendIsNotSentAgain(t *testing.T) {
	w := newWorld(t)
	c := call()
	c.Operation = "one"
	w.send(c, mobile, "")
	_, err := w.reserve(c, mobile, "")
	requireCode(t, smscode.Failed, err)
	e, _ := errcode.As(err)
	require.EqualValues(t, 45, e.Details["resendAfter"])
	require.EqualValues(t, 300, e.Details["expiresIn"])
	_, err = w.reserve(call(), mobile, "")
	requireCode(t, codes.SendTooFrequent, err)
}

func TestRepeatOfARefusedSendReservesAgain(t *testing.T) {
	w := newWorld(t)
	c := call()
	c.Operation = "one"
	first, err := w.reserve(c, mobile, "")
	require.NoError(t, err)
	w.end(c, first, elementv1.Outcome_OUTCOME_REFUSED)
	again, err := w.reserve(c, mobile, "")
	require.NoError(t, err)
	require.True(t, again.deliver)
}

func TestRepeatOfASendThatWasAnsweredFirstIsAnsweredTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		w.set("allowRegister", 0)
		var requests atomic.Int32
		w.sms = func(ctx context.Context, name, function string, args json.RawMessage) (json.RawMessage, error) {
			requests.Add(1)
			return accepts(ctx, name, function, args)
		}
		for _, identity := range []string{mobile, other} {
			c := call()
			c.Operation = "one " + identity
			for range 2 {
				_, err := w.svc.Send(w.in(c), sendRequest(identity, nil))
				require.NoError(t, err)
				time.Sleep(laterAfter + laterWithin)
				synctest.Wait()
			}
		}
		require.EqualValues(t, 1, requests.Load())
	})
}
