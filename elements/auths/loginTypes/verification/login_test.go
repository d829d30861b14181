package verification

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

func TestRightCodeOfAUserGivesALoginCodeOnce(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile, Corps: []databases.Corp{{ID: "c", FullName: "corps.shop", Title: "The shop"}}})
	code := w.send(call(), mobile, "")
	out, err := w.exchange(call(), mobile, code)
	require.NoError(t, err)
	require.Equal(t, "u", out.GetUserId())
	require.Equal(t, "c", out.GetCorps()[0].GetCorpId())
	require.Equal(t, "The shop", out.GetCorps()[0].GetCorpName())

	got, verdict := w.loginCode(out.GetLoginCode())
	require.Equal(t, caches.TokenValid, verdict)
	require.NotEmpty(t, got.CodeID)
	got.CodeID = ""
	require.Equal(t, tokens.LoginCode{UserID: "u", Phone: mobile, Instance: login}, got)
	_, verdict = w.loginCode(out.GetLoginCode())
	require.Equal(t, caches.TokenUsed, verdict)

	_, err = w.exchange(call(), mobile, code)
	requireCode(t, codes.CodeRejected, err)
}

func TestLoginCodeLivesAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		out, err := w.exchange(call(), mobile, w.send(call(), mobile, ""))
		require.NoError(t, err)
		time.Sleep(time.Minute + time.Millisecond)
		_, verdict := w.loginCode(out.GetLoginCode())
		require.Equal(t, caches.TokenGone, verdict)
	})
}

func TestUnknownPhoneLearnsSoFromARightCodeOnly(t *testing.T) {
	w := newWorld(t)
	code := w.send(call(), mobile, "")
	_, err := w.exchange(call(), mobile, wrong(code, 1))
	requireCode(t, codes.CodeRejected, err)
	_, err = w.exchange(call(), mobile, code)
	requireCode(t, codes.UserNotRegistered, err)
	_, err = w.register(call(), mobile, code)
	require.NoError(t, err, "the code stays usable for register")
}

func TestCodeIsBoundToInstancePhoneAndHolder(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.dir.add(databases.User{ID: "v", Phone: other})
	code := w.send(call(), mobile, "")
	w.send(call(), other, "")
	elsewhere := call()
	elsewhere.Element = "another.login"
	_, err := w.exchange(elsewhere, mobile, code)
	requireCode(t, codes.CodeRejected, err)
	if _, err = w.exchange(call(), other, code); err == nil {
		t.Skip("both codes have the same digits: one run in a million")
	}
	requireCode(t, codes.CodeRejected, err)
	requireCode(t, codes.CodeRejected, w.unbind(as("u"), code))
	_, err = w.exchange(call(), mobile, code)
	require.NoError(t, err)
}

func TestCodeDiesWithItsTime(t *testing.T) {
	for name, wait := range map[string]time.Duration{"in time": 299 * time.Second, "too late": 301 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.dir.add(databases.User{ID: "u", Phone: mobile})
				code := w.send(call(), mobile, "")
				for range 3 { // no read prolongs it
					_, _ = w.exchange(call(), mobile, wrong(code, 1))
				}
				time.Sleep(wait)
				_, err := w.exchange(call(), mobile, code)
				if name == "in time" {
					require.NoError(t, err)
					return
				}
				requireCode(t, codes.CodeRejected, err)
			})
		})
	}
}

func TestWrongGuessesLockTheCode(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	for n := 1; n <= 5; n++ {
		_, err := w.exchange(call(), mobile, wrong(code, n))
		requireCode(t, codes.CodeRejected, err)
	}
	_, err := w.exchange(call(), mobile, code)
	requireCode(t, codes.CodeLocked, err)
	e, _ := errcode.As(err)
	require.Positive(t, e.RetryAfter)
	require.Zero(t, e.RetryAfter%time.Second)
}

func TestTenWrongGuessesAnHourLockThePhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		for range 2 {
			code := w.send(call(), mobile, "")
			for n := 1; n <= 5; n++ {
				_, err := w.exchange(call(), mobile, wrong(code, n))
				requireCode(t, codes.CodeRejected, err)
			}
			time.Sleep(time.Minute)
		}
		_, err := w.reserve(call(), mobile, "")
		requireCode(t, codes.SendLimited, err)
		_, err = w.exchange(call(), mobile, "000000")
		requireCode(t, codes.CodeLocked, err)

		code := w.send(as("u"), mobile, "checkMyMessage")
		_, err = w.ticket(as("u"), code)
		require.NoError(t, err, "a user's guesses are counted apart")
	})
}

func TestWhatIsNoCodeIsNoGuess(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	for _, text := range []string{"", "12345", "1234567", "12345a", "１２３４５６", " 12345", "12345\n", "-12345"} {
		_, err := w.exchange(call(), mobile, text)
		requireCode(t, errcode.Params, err)
		e, _ := errcode.As(err)
		require.Equal(t, "code", e.Details["arg"])
	}
	_, err := w.exchange(call(), mobile, code)
	require.NoError(t, err)
}

func TestRepeatOfAnOperationGetsTheSameLoginCode(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	c := call()
	c.Operation = "one"
	w.store.lost["Guess"] = 1
	_, err := w.exchange(c, mobile, code)
	requireCode(t, errcode.StoreUnavailable, err)
	first, err := w.exchange(c, mobile, code)
	require.NoError(t, err, "a lost reply doesn't turn a right code into a wrong one")
	again, err := w.exchange(c, mobile, code)
	require.NoError(t, err)
	require.Equal(t, first.GetLoginCode(), again.GetLoginCode())
	_, verdict := w.loginCode(again.GetLoginCode())
	require.Equal(t, caches.TokenValid, verdict)

	c.Operation = "two"
	_, err = w.exchange(c, mobile, code)
	requireCode(t, codes.CodeRejected, err)
}

func TestLostReplyBurnsOneGuess(t *testing.T) {
	w := newWorld(t)
	code := w.send(call(), mobile, "")
	c := call()
	c.Operation = "one"
	w.store.lost["Guess"] = 3
	for range 4 {
		_, _ = w.exchange(c, mobile, wrong(code, 1))
	}
	for n := 2; n <= 5; n++ {
		_, err := w.exchange(call(), mobile, wrong(code, n))
		requireCode(t, codes.CodeRejected, err)
	}
	_, err := w.exchange(call(), mobile, code)
	requireCode(t, codes.CodeLocked, err)
}

func TestUnreachableStoreIsToldAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	for _, break_ := range []func(){
		func() { w.store.down["Guess"] = 1 },
		func() { w.dir.fails("UserByPhone", 1) },
	} {
		break_()
		_, err := w.exchange(call(), mobile, code)
		requireCode(t, errcode.StoreUnavailable, err)
		e, _ := errcode.As(err)
		require.Equal(t, time.Second, e.RetryAfter)
	}
	w.store.down["Reserve"] = 1
	_, err := w.reserve(call(), other, "")
	requireCode(t, errcode.StoreUnavailable, err)
	_, err = w.exchange(call(), mobile, code)
	require.NoError(t, err)
}

func TestWhileTheDatabaseIsAwayNothingIsReserved(t *testing.T) {
	w := newWorld(t)
	w.dir.fails("Ready", 1)
	_, err := w.reserve(call(), mobile, "")
	requireCode(t, errcode.StoreUnavailable, err)
	_, err = w.reserve(call(), mobile, "")
	require.NoError(t, err, "neither cooldown nor limit was taken")
}

func TestSendsAtOnceShareAProbeOfTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for n := range 20 {
			_, err := w.reserve(call(), number("+8613800", n), "")
			require.NoError(t, err)
		}
		require.Equal(t, 1, w.dir.count("Ready"))
		time.Sleep(probeTTL)
		w.dir.fails("Ready", 1)
		_, err := w.reserve(call(), mobile, "")
		requireCode(t, errcode.StoreUnavailable, err)
		require.Equal(t, 2, w.dir.count("Ready"))
	})
}

func TestFrozenStoreIsToldWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.svc.elements = &frozen{world: w}
		start := time.Now()
		_, err := w.exchange(call(), mobile, "000000")
		requireCode(t, errcode.StoreUnavailable, err)
		require.Less(t, time.Since(start), time.Second)
	})
}

// The test codes.

func (w *world) test(c string) *elementv1.TestEntry { return &elementv1.TestEntry{Code: c} }

func (w *world) sendTest(identity, code string) *held {
	w.t.Helper()
	r, err := w.hold(call(), &elementv1.ReserveRequest{Identity: identity, Test: w.test(code)})
	require.NoError(w.t, err)
	w.end(call(), r, elementv1.Outcome_OUTCOME_ACCEPTED)
	return r
}

func (w *world) exchangeTest(identity, code, guess string) error {
	_, err := w.svc.Exchange(w.in(call()), &elementv1.ExchangeRequest{Identity: identity, Code: guess, Test: w.test(code)})
	return err
}

func TestTestCodeOpensUsersMadeWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.sendTest(mobile, "123456")
		require.False(t, r.deliver)
		made, err := w.svc.Register(w.in(call()), &elementv1.RegisterRequest{
			Identity: mobile, Code: "123456", Nick: "Reviewer", Test: w.test("123456"),
		})
		require.NoError(t, err)
		require.True(t, w.dir.user(made.GetUserId()).Test)
		time.Sleep(time.Minute)
		w.sendTest(mobile, "123456")
		require.NoError(t, w.exchangeTest(mobile, "123456", "123456"))
	})
}

func TestTestCodeOpensNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.sendTest(mobile, "123456")
	requireCode(t, codes.CodeRejected, w.exchangeTest(mobile, "123456", "123456"))
}

func TestTestCodeBindsNothingToOtherUsers(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u"})
	_, err := w.hold(as("u"), &elementv1.ReserveRequest{Identity: mobile, Purpose: "bind", Test: w.test("123456")})
	require.NoError(t, err)
	_, err = w.svc.Bind(w.in(as("u")), &elementv1.BindRequest{UserId: "u", Identity: mobile, Code: "123456", Test: w.test("123456")})
	requireCode(t, codes.CodeRejected, err)
}

func TestTestEntryIsOffAfterTwentyWrongGuessesUntilItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile, Test: true})
		w.sendTest(mobile, "123456")
		for n := 1; n <= 20; n++ {
			require.Error(t, w.exchangeTest(mobile, "123456", wrong("123456", n)))
		}
		time.Sleep(2 * time.Hour)
		requireCode(t, codes.CodeRejected, w.exchangeTest(mobile, "123456", "123456"))
		r := w.sendTest(mobile, "123456")
		require.False(t, r.deliver, "it still gets no message")
		requireCode(t, codes.CodeRejected, w.exchangeTest(mobile, "123456", "123456"))
		w.dir.add(databases.User{ID: "v"})
		_, err := w.svc.Register(w.in(call()), &elementv1.RegisterRequest{Identity: mobile, Code: "123456", Nick: "N", Test: w.test("123456")})
		requireCode(t, codes.CodeRejected, err)
		_, err = w.svc.Unbind(w.in(as("u")), &elementv1.UnbindRequest{UserId: "u", Code: "123456", Test: w.test("123456")})
		requireCode(t, codes.CodeRejected, err)
		w.sendTest(mobile, "654321")
		require.NoError(t, w.exchangeTest(mobile, "654321", "654321"))
	})
}

func TestTestPhonesHaveALimitOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for key, value := range map[string]any{"phoneHourlyLimit": 1, "phoneDailyLimit": 1, "ipHourlyLimit": 1, "appHourlyLimit": 1} {
			w.set(key, value)
		}
		send := func(identity string, test *elementv1.TestEntry) error {
			_, err := w.hold(from("192.0.2.1"), &elementv1.ReserveRequest{Identity: identity, Test: test, Crowds: []string{"c"}})
			return err
		}
		for range 60 {
			require.NoError(t, send(mobile, w.test("123456")))
			time.Sleep(time.Second)
		}
		requireCode(t, codes.SendLimited, send(mobile, w.test("123456")))
		require.NoError(t, send(other, nil), "it took nothing from the address and the app")
		requireCode(t, codes.SendLimited, send("+8613700137000", nil))
		require.NoError(t, send("+8613700137000", w.test("123456")), "nor is it bound by their limits")
		time.Sleep(time.Hour - time.Minute)
		require.NoError(t, send(mobile, w.test("123456")))
	})
}

func TestStepsOfOneOperationAreToldApart(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	c := call()
	c.Operation = "one"
	_, err := w.register(c, mobile, code)
	requireCode(t, codes.PhoneInUse, err)
	out, err := w.exchange(c, mobile, code)
	require.NoError(t, err)
	_, verdict := w.loginCode(out.GetLoginCode())
	require.Equal(t, caches.TokenValid, verdict)
}
