package verification

import (
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

const secondLogin = "auths.loginTypes.secondLogin"

// device returns a call with a new device token of a phone.
func (w *world) device(identity string) element.Call {
	token := randomID()
	w.dir.mu.Lock()
	defer w.dir.mu.Unlock()
	w.dir.devices[tokens.Hash(token)] = databases.Device{Hash: tokens.Hash(token), Phone: identity, UserID: "u"}
	c := call()
	c.Caller.Device = token
	return c
}

// through returns a call through another instance with a configuration of its own.
func (w *world) through(settings map[string]any) element.Call {
	c := call()
	c.Element, c.Config = secondLogin, configOf(w.t, settings)
	return c
}

func TestNoNumberOfDeviceTokensMultipliesTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		sends := func() (n int) {
			for range 30 {
				for _, c := range []element.Call{call(), as("u"), w.device(mobile), w.through(map[string]any{"captcha": "off"})} {
					if _, err := w.reserve(c, mobile, "login"); err == nil {
						n++
						time.Sleep(45 * time.Second)
					}
				}
			}
			return n
		}
		require.Equal(t, 10, sends(), "five by strangers and five by the owner")
		time.Sleep(time.Hour)
		require.Equal(t, 10, sends())
		time.Sleep(time.Hour)
		require.Zero(t, sends(), "ten a day, twice")
	})
}

func TestTheOwnersDevicesAndUserShareOneBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		w.dir.add(databases.User{ID: "stranger", Phone: other})
		owners := []element.Call{w.device(mobile), as("u"), w.device(mobile)}
		strangers := []element.Call{call(), as("stranger"), w.device(other)}
		for _, callers := range [][]element.Call{owners, strangers} {
			code := w.send(callers[0], mobile, "login")
			for n := range 5 {
				_, err := w.exchange(callers[n%3], mobile, wrong(code, n+1))
				requireCode(t, codes.CodeRejected, err)
			}
			for _, c := range callers {
				_, err := w.exchange(c, mobile, code)
				requireCode(t, codes.CodeLocked, err)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestStrangersCantLockTheOwnerOut(t *testing.T) {
	for name, owner := range map[string]func(*world) element.Call{
		"device":    func(w *world) element.Call { return w.device(mobile) },
		"signed in": func(*world) element.Call { return as("u") },
	} {
		for what, attack := range map[string]func(t *testing.T, w *world, stranger element.Call){
			"sends": func(t *testing.T, w *world, stranger element.Call) {
				for range 6 {
					_, _ = w.reserve(stranger, mobile, "login")
					time.Sleep(45 * time.Second)
				}
				_, err := w.reserve(stranger, mobile, "login")
				requireCode(t, codes.SendLimited, err)
			},
			"refusals": func(t *testing.T, w *world, stranger element.Call) {
				for range 11 {
					_ = w.refuse(stranger, mobile, smscode.Throttled)
					time.Sleep(45 * time.Second)
				}
				requireCode(t, codes.SendLimited, w.refuse(stranger, mobile, smscode.Throttled))
			},
			"guesses": func(t *testing.T, w *world, stranger element.Call) {
				for range 2 {
					code := w.send(stranger, mobile, "login")
					for n := range 6 {
						_, err := w.exchange(stranger, mobile, wrong(code, n+1))
						require.Error(t, err)
					}
					time.Sleep(45 * time.Second)
				}
				_, err := w.exchange(stranger, mobile, "000000")
				requireCode(t, codes.CodeLocked, err)
				_, err = w.reserve(stranger, mobile, "login")
				requireCode(t, codes.SendLimited, err)
			},
		} {
			t.Run(what+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.dir.add(databases.User{ID: "u", Phone: mobile})
					w.dir.add(databases.User{ID: "stranger"})
					attack(t, w, call())
					attack2 := as("stranger")
					_, err := w.reserve(attack2, mobile, "login")
					requireCode(t, codes.SendLimited, err)
					code := w.send(owner(w), mobile, "login")
					_, err = w.exchange(owner(w), mobile, code)
					require.NoError(t, err)
				})
			})
		}
	}
}

func TestInstancesShareThePhonesHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		second := w.through(map[string]any{"captcha": "off", "resendInterval": 90, "phoneHourlyLimit": 7, "maxAttempts": 3})
		code := w.send(call(), mobile, "login")
		time.Sleep(60 * time.Second)
		_, err := w.reserve(second, mobile, "login")
		requireCode(t, codes.SendTooFrequent, err)
		e, _ := errcode.As(err)
		require.EqualValues(t, 30, e.Details["retryAfter"], "by its own interval")
		time.Sleep(30 * time.Second)
		secondCode := w.send(second, mobile, "login")
		_, err = w.exchange(second, mobile, code)
		requireCode(t, codes.CodeRejected, err)
		_, err = w.exchange(call(), mobile, secondCode)
		requireCode(t, codes.CodeRejected, err)
		for n := range 4 { // each code has its attempts; the hour's are the phone's
			_, err = w.exchange(call(), mobile, wrong(code, n+1))
			requireCode(t, codes.CodeRejected, err)
		}
		_, err = w.exchange(call(), mobile, code)
		requireCode(t, codes.CodeLocked, err)
		for n := range 2 {
			_, err = w.exchange(second, mobile, wrong(secondCode, n+1))
			requireCode(t, codes.CodeRejected, err)
		}
		_, err = w.exchange(second, mobile, secondCode)
		requireCode(t, codes.CodeLocked, err)
		time.Sleep(90 * time.Second)
		code = w.send(call(), mobile, "login")
		for n := range 2 {
			_, err = w.exchange(call(), mobile, wrong(code, n+1))
			requireCode(t, codes.CodeRejected, err)
		}
		_, err = w.exchange(call(), mobile, code)
		requireCode(t, codes.CodeLocked, err)
		_, err = w.reserve(second, mobile, "login")
		require.Error(t, err)
	})
}

func TestALimitThatChangesJudgesEarlierSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 3 {
			w.send(call(), mobile, "login")
			time.Sleep(45 * time.Second)
		}
		w.set("phoneHourlyLimit", 3)
		_, err := w.reserve(call(), mobile, "login")
		requireCode(t, codes.SendLimited, err)
		w.set("phoneHourlyLimit", 4)
		w.set("resendInterval", 3600)
		_, err = w.reserve(call(), mobile, "login")
		requireCode(t, codes.SendTooFrequent, err)
		w.set("resendInterval", 45)
		w.send(call(), mobile, "login")
	})
}

func TestATestPhoneKeepsApartFromTheRealOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "t", Phone: mobile, Test: true})
		entry := &elementv1.TestEntry{Code: "246810"}
		test := func() error {
			r, err := w.hold(call(), &elementv1.ReserveRequest{Identity: mobile, Test: entry})
			if err == nil {
				require.False(t, r.deliver)
			}
			return err
		}
		second := w.through(map[string]any{"captcha": "off"})
		code := w.send(second, mobile, "login")
		for range 3 {
			require.NoError(t, test(), "no cooldown")
		}
		for n := range 5 {
			_, _ = w.exchange(second, mobile, wrong(code, n+1))
		}
		out, err := w.svc.Exchange(w.in(call()), &elementv1.ExchangeRequest{Identity: mobile, Code: "246810", Test: entry})
		require.NoError(t, err)
		_, taken := w.loginCode(out.GetLoginCode())
		require.EqualValues(t, "valid", taken)
		for range 57 {
			require.NoError(t, test())
		}
		requireCode(t, codes.SendLimited, test())
		time.Sleep(45 * time.Second)
		_, err = w.reserve(second, mobile, "login")
		require.NoError(t, err, "nor does the test phone limit the real one")
	})
}
