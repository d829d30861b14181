package verification

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

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
	// Chi-square with 9 degrees of freedom: 45 is passed once in a million runs.
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
		w.send(call(), phone, "")
		time.Sleep(10*time.Second + 300*time.Millisecond)
		_, err := w.reserve(call(), phone, "")
		requireCode(t, codes.SendTooFrequent, err)
		e, _ := errcode.As(err)
		require.EqualValues(t, 35, e.Details["retryAfter"], "34.7 seconds are left")
		require.Equal(t, 35*time.Second, e.RetryAfter)
		time.Sleep(34*time.Second + 700*time.Millisecond)
		_, err = w.reserve(call(), phone, "")
		require.NoError(t, err)
	})
}

func TestCooldownIsThePhonesOverAllScopes(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u"})
	w.send(call(), phone, "login")
	_, err := w.reserve(as("u"), phone, "bind")
	requireCode(t, codes.SendTooFrequent, err)
}

func TestPhoneLimitIsToldInMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 5 {
			w.send(call(), phone, "")
			time.Sleep(time.Minute)
		}
		_, err := w.reserve(call(), phone, "")
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
			policy := w.policy()
			policy.IpHourlyLimit = 1
			for i, address := range tc.addresses {
				_, err := w.svc.Reserve(in(from(address)), &elementv1.ReserveRequest{Policy: policy, Identity: []string{phone, other}[i]})
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
	policy := w.policy()
	policy.AppHourlyLimit = 1
	_, err := w.svc.Reserve(in(call()), &elementv1.ReserveRequest{Policy: policy, Identity: phone})
	require.NoError(t, err)
	_, err = w.svc.Reserve(in(call()), &elementv1.ReserveRequest{Policy: policy, Identity: other})
	requireCode(t, codes.SendLimited, err)
	_, err = w.svc.Reserve(in(call()), &elementv1.ReserveRequest{Policy: w.policy(), Identity: other})
	require.NoError(t, err, "a limit that refused took nothing")
}

func TestPurposes(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	w.dir.add(databases.User{ID: "bare"})
	for _, purpose := range []string{"bind", "unbind", "checkMyMessage", "updatePhone"} {
		_, err := w.reserve(call(), phone, purpose)
		requireCode(t, errcode.LoginRequired, err)
	}
	_, err := w.reserve(call(), phone, "nonsense")
	requireCode(t, errcode.Params, err)
	for _, purpose := range []string{"unbind", "checkMyMessage"} {
		_, err = w.reserve(as("u"), other, purpose)
		requireCode(t, errcode.Forbidden, err)
		_, err = w.reserve(as("bare"), phone, purpose)
		requireCode(t, codes.PhoneNotBound, err)
	}
	_, err = w.reserve(as("u"), phone, "unbind")
	require.NoError(t, err, "what was refused took no cooldown")
}

func TestWithoutPurposeAUsersCodeIsForTheirAccountOnly(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	code := w.send(as("u"), phone, "")
	_, err := w.exchange(call(), phone, code)
	requireCode(t, codes.CodeRejected, err)
	_, err = w.ticket(as("u"), code)
	require.NoError(t, err)
}

func TestSignedInUserMayAskForTheAnonymousScope(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	code := w.send(as("u"), phone, "login")
	_, err := w.exchange(call(), phone, code)
	require.NoError(t, err)
}

func TestAccountCodeWorksForItsPurposeOnly(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	code := w.send(as("u"), phone, "checkMyMessage")
	requireCode(t, codes.CodeRejected, w.unbind(as("u"), code))
	_, err := w.ticket(as("u"), code)
	require.NoError(t, err)
}

func TestNeverSeenPhoneCostsNoLookUp(t *testing.T) {
	w := newWorld(t)
	w.send(call(), phone, "")
	require.Zero(t, w.dir.count("UserByPhone"))
	require.Zero(t, w.dir.count("Device"))
}

func TestClosedRegistrationTellsNobodyWhoIsKnown(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	policy := w.policy()
	policy.AllowRegister = false
	answers := map[string]*elementv1.ReserveResponse{}
	for _, identity := range []string{phone, other} {
		r, err := w.svc.Reserve(in(call()), &elementv1.ReserveRequest{Policy: policy, Identity: identity})
		require.NoError(t, err)
		answers[identity] = r
		require.True(t, r.GetAnswerFirst())
		require.Equal(t, answers[phone].GetResendAfterMs(), r.GetResendAfterMs())
		require.Equal(t, answers[phone].GetExpiresInMs(), r.GetExpiresInMs())
		// Nothing is given back, whatever the vendor says.
		w.settle(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
		_, err = w.svc.Reserve(in(call()), &elementv1.ReserveRequest{Policy: policy, Identity: identity})
		requireCode(t, codes.SendTooFrequent, err)
	}
	require.True(t, answers[phone].GetDeliver())
	require.False(t, answers[other].GetDeliver())
	require.Empty(t, answers[other].GetCode())
	require.Equal(t, 2, w.dir.count("UserByPhone")/2, "one look-up a send, known or not")

	// Guesses at both go the same way.
	for n := 1; n <= 6; n++ {
		_, known := w.exchange(call(), phone, wrong(answers[phone].GetCode(), n))
		_, unknown := w.exchange(call(), other, wrong(answers[phone].GetCode(), n))
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
	w.dir.add(databases.User{ID: "u", Phone: phone})
	policy := w.policy()
	policy.AllowRegister = false
	r, err := w.svc.Reserve(in(as("u")), &elementv1.ReserveRequest{Policy: policy, Identity: other, Purpose: "updatePhone"})
	require.NoError(t, err)
	require.False(t, r.GetAnswerFirst())
	require.True(t, r.GetDeliver())
}

func TestDeviceThatHasLoggedInHasBucketsOfItsOwn(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	w.dir.devices[tokens.Hash("device")] = databases.Device{Hash: tokens.Hash("device"), Phone: phone, UserID: "u"}
	owner := call()
	owner.Caller.Device = "device"

	code := w.send(call(), phone, "")
	for n := 1; n <= 5; n++ {
		_, err := w.exchange(call(), phone, wrong(code, n))
		requireCode(t, codes.CodeRejected, err)
	}
	_, err := w.exchange(call(), phone, code)
	requireCode(t, codes.CodeLocked, err)
	_, err = w.exchange(owner, phone, code)
	require.NoError(t, err, "strangers can't lock the owner out")
}

func TestDeviceOfAnotherPhoneIsAStrangers(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	w.dir.devices[tokens.Hash("device")] = databases.Device{Hash: tokens.Hash("device"), Phone: other, UserID: "x"}
	code := w.send(call(), phone, "")
	for n := 1; n <= 5; n++ {
		_, _ = w.exchange(call(), phone, wrong(code, n))
	}
	for _, token := range []string{"device", "unknown", strings.Repeat("x", 10_000)} {
		c := call()
		c.Caller.Device = token
		_, err := w.exchange(c, phone, code)
		requireCode(t, codes.CodeLocked, err)
	}
}

// What each outcome of a send leaves: whether the new code, the code before it
// and another send work afterwards.
func TestOutcomesOfASend(t *testing.T) {
	for name, tc := range map[string]struct {
		settle          func(w *world, r *elementv1.ReserveResponse)
		fresh, old, now bool
	}{
		"accepted": {func(w *world, r *elementv1.ReserveResponse) {
			w.settle(call(), r, elementv1.Outcome_OUTCOME_ACCEPTED)
		}, true, false, false},
		"refused": {func(w *world, r *elementv1.ReserveResponse) {
			w.settle(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
		}, false, true, true},
		"unknown": {func(w *world, r *elementv1.ReserveResponse) {
			w.settle(call(), r, elementv1.Outcome_OUTCOME_UNKNOWN)
		}, true, true, false},
		"never settled": {func(*world, *elementv1.ReserveResponse) {}, true, true, false},
		"refused after accepted": {func(w *world, r *elementv1.ReserveResponse) {
			w.settle(call(), r, elementv1.Outcome_OUTCOME_ACCEPTED)
			w.settle(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
		}, true, false, false},
	} {
		for _, which := range []string{"new", "old", "send"} {
			t.Run(name+"/"+which, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.dir.add(databases.User{ID: "u", Phone: phone})
					before := w.send(call(), phone, "")
					time.Sleep(time.Minute)
					r, err := w.reserve(call(), phone, "")
					require.NoError(t, err)
					tc.settle(w, r)
					works := map[string]bool{"new": tc.fresh, "old": tc.old, "send": tc.now}[which]
					switch which {
					case "new":
						_, err = w.exchange(call(), phone, r.GetCode())
					case "old":
						_, err = w.exchange(call(), phone, before)
					case "send":
						_, err = w.reserve(call(), phone, "")
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

func TestReservationIsForItsInstanceOnly(t *testing.T) {
	w := newWorld(t)
	r, err := w.reserve(call(), phone, "")
	require.NoError(t, err)
	for _, handle := range []string{r.GetReservation(), "", "nonsense", r.GetReservation() + "A"} {
		stranger := call()
		if handle == r.GetReservation() {
			stranger.Element = "another.login"
		}
		_, err = w.svc.Settle(in(stranger), &elementv1.SettleRequest{Reservation: handle, Outcome: elementv1.Outcome_OUTCOME_REFUSED})
		requireCode(t, errcode.Forbidden, err)
	}
	_, err = w.reserve(call(), phone, "")
	requireCode(t, codes.SendTooFrequent, err)
}

func TestRefusalsHaveALimitOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	for range 10 {
		r, err := w.reserve(call(), phone, "")
		require.NoError(t, err)
		w.settle(call(), r, elementv1.Outcome_OUTCOME_REFUSED)
	}
	_, err := w.reserve(call(), phone, "")
	requireCode(t, codes.SendLimited, err)
}

func TestPolicyOutOfBoundsIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(p *elementv1.Policy){
		"short codes":     func(p *elementv1.Policy) { p.CodeLength = 4 },
		"long codes":      func(p *elementv1.Policy) { p.CodeLength = 11 },
		"long life":       func(p *elementv1.Policy) { p.CodeTtlMs = 600_001 },
		"no interval":     func(p *elementv1.Policy) { p.ResendIntervalMs = 0 },
		"no attempts":     func(p *elementv1.Policy) { p.MaxAttempts = 0 },
		"no hourly limit": func(p *elementv1.Policy) { p.PhoneHourlyLimit = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			policy := w.policy()
			change(policy)
			_, err := w.svc.Reserve(in(call()), &elementv1.ReserveRequest{Policy: policy, Identity: phone})
			requireCode(t, errcode.Internal, err)
		})
	}
	_, err := w.svc.Reserve(in(call()), &elementv1.ReserveRequest{Identity: phone})
	requireCode(t, errcode.Internal, err)
}

func TestOutsideACallNothingIsDone(t *testing.T) {
	w := newWorld(t)
	_, err := w.svc.Reserve(t.Context(), &elementv1.ReserveRequest{Policy: w.policy(), Identity: phone})
	requireCode(t, errcode.Forbidden, err)
}

func TestRepeatOfASendIsNotSentAgain(t *testing.T) {
	w := newWorld(t)
	c := call()
	c.Operation = "one"
	w.send(c, phone, "")
	_, err := w.reserve(c, phone, "")
	requireCode(t, codes.SMSFailed, err)
	e, _ := errcode.As(err)
	require.EqualValues(t, 45, e.Details["resendAfter"])
	require.EqualValues(t, 300, e.Details["expiresIn"])
	_, err = w.reserve(call(), phone, "")
	requireCode(t, codes.SendTooFrequent, err)
}

func TestRepeatOfARefusedSendReservesAgain(t *testing.T) {
	w := newWorld(t)
	c := call()
	c.Operation = "one"
	first, err := w.reserve(c, phone, "")
	require.NoError(t, err)
	w.settle(c, first, elementv1.Outcome_OUTCOME_REFUSED)
	again, err := w.reserve(c, phone, "")
	require.NoError(t, err)
	require.True(t, again.GetDeliver())
}

func TestRepeatOfASendThatWasAnsweredFirstIsAnsweredTheSame(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: phone})
	for _, identity := range []string{phone, other} {
		c := call()
		c.Operation = "one " + identity
		policy := w.policy()
		policy.AllowRegister = false
		for i := range 2 {
			answer, err := w.svc.Reserve(in(c), &elementv1.ReserveRequest{Policy: policy, Identity: identity})
			require.NoError(t, err)
			require.True(t, answer.GetAnswerFirst())
			require.Equal(t, i == 0 && identity == phone, answer.GetDeliver())
		}
	}
}
