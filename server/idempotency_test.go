package server

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

const someKey = "0123456789abcdef"

// counting is an element that returns how often it was called, or an error.
func counting(calls *atomic.Int32, err func(call int32) error) *standIn {
	return &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(ctx context.Context, args element.Args) (any, error) {
			n := calls.Add(1)
			if err != nil {
				if e := err(n); e != nil {
					return nil, e
				}
			}
			return map[string]any{"call": n, "operation": element.Operation(ctx)}, nil
		},
	}}
}

func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, Options{}, newApp(t, counting(&calls, nil)))
	key := with("Idempotency-Key", someKey)
	_, first := s.do(newCall("a/b/f", `{"x":{"a":1,"b":2}}`, key))
	w, again := s.do(newCall("a/b/f", `{"x":{"b":2,"a":1.0}}`, key))
	require.Equal(t, 200, w.Code)
	require.Equal(t, first.Data, again.Data)
	require.NotEqual(t, first.RequestID, again.RequestID)
	require.EqualValues(t, 1, calls.Load())

	w, other := s.do(newCall("a/b/f", `{"x":1}`, key))
	require.Equal(t, 409, w.Code)
	require.Equal(t, "API_PARAMS_ERROR", other.Code)
	require.EqualValues(t, 1, calls.Load())

	s.do(newCall("a/b/f", `{"x":1}`, with("Idempotency-Key", someKey+"2")))
	s.do(newCall("a/b/f", `{"x":1}`))
	s.do(newCall("a/b/f", `{"x":1}`))
	require.EqualValues(t, 4, calls.Load())
}

func TestAnswersAreKeptTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		s := serve(t, Options{}, newApp(t, counting(&calls, nil)))
		key := with("Idempotency-Key", someKey)
		s.do(newCall("a/b/f", `{}`, key))
		time.Sleep(10*time.Minute - time.Second)
		s.do(newCall("a/b/f", `{}`, key))
		require.EqualValues(t, 1, calls.Load())
		time.Sleep(2 * time.Second)
		s.do(newCall("a/b/f", `{}`, key))
		require.EqualValues(t, 2, calls.Load())
		_ = s.app.cache.Close()
	})
}

func TestAKeyBelongsToItsCaller(t *testing.T) {
	var calls atomic.Int32
	app := newApp(t, counting(&calls, nil))
	app.auth.(*standInAuth).tokens["a1"] = element.Caller{UserID: "u", SessionID: "s1"}
	app.auth.(*standInAuth).tokens["a2"] = element.Caller{UserID: "u", SessionID: "s2"}
	s := serve(t, Options{}, app)
	key := with("Idempotency-Key", someKey)
	for _, authorization := range []string{"", "Bearer a1", "Bearer a2", "Bearer a1", ""} {
		s.do(newCall("a/b/f", `{}`, key, with("Authorization", authorization)))
	}
	require.EqualValues(t, 3, calls.Load())
}

func TestOnlyFinalAnswersAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		kept bool
	}{
		"a refusal":       {errcode.New("CODE_REJECTED", "x"), true},
		"a cooldown":      {errcode.New("SEND_TOO_FREQUENT", "x").After(45 * time.Second), true},
		"refused":         {errcode.New("SMS_REFUSED", "x").With("reason", "number"), true},
		"sent, perhaps":   {errcode.New("SMS_FAILED", "x").With("resendAfter", 45), true},
		"cut off":         {errcode.Unavailable(errcode.OutcomeUnknown, "x"), true},
		"out of time":     {errcode.New(errcode.DeadlineExceeded, "x"), true},
		"a fault":         {errcode.New(errcode.Internal, "x"), true},
		"never begun":     {errcode.Unavailable(errcode.OutcomeNotExecuted, "x"), false},
		"no store":        {errcode.New(errcode.StoreUnavailable, "x"), false},
		"another's claim": {errcode.New("CODE_BUSY", "x"), false},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			s := serve(t, Options{}, newApp(t, counting(&calls, func(call int32) error {
				if call == 1 {
					return c.err
				}
				return nil
			})))
			key := with("Idempotency-Key", someKey)
			w1, first := s.do(newCall("a/b/f", `{}`, key))
			w2, again := s.do(newCall("a/b/f", `{}`, key))
			if c.kept {
				require.EqualValues(t, 1, calls.Load())
				require.Equal(t, first.Code, again.Code)
				require.Equal(t, first.Data, again.Data)
				require.Equal(t, first.Errmsg, again.Errmsg)
				require.Equal(t, w1.Code, w2.Code)
				require.Equal(t, w1.Header().Get("Retry-After"), w2.Header().Get("Retry-After"))
			} else {
				require.EqualValues(t, 2, calls.Load())
				require.Equal(t, 200, w2.Code)
			}
		})
	}
}

func TestAttemptsOfOneRequestAreOneOperation(t *testing.T) {
	var operations []string
	s := serve(t, Options{}, newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(ctx context.Context, _ element.Args) (any, error) {
			operations = append(operations, element.Operation(ctx))
			return nil, errcode.New(errcode.StoreUnavailable, "x")
		},
	}}))
	key := with("Idempotency-Key", someKey)
	s.do(newCall("a/b/f", `{"x":1}`, key))
	s.do(newCall("a/b/f", `{"x":1}`, key))
	s.do(newCall("a/b/f", `{"x":2}`, key))
	require.Len(t, operations, 3)
	require.Equal(t, operations[0], operations[1])
	require.NotEqual(t, operations[0], operations[2], "other arguments are another operation")
}

func TestARepeatWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		app := newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
			"f": func(context.Context, element.Args) (any, error) {
				calls.Add(1)
				time.Sleep(5 * time.Second)
				return fmt.Sprint(calls.Load()), nil
			},
		}})
		s := serve(t, Options{}, app)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				w, e := s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey)))
				if w.Code != 200 || e.Data != "1" {
					t.Errorf("got %d %v", w.Code, e.Data)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, calls.Load())
		_ = app.cache.Close()
	})
}

func TestARepeatOfACallThatNeverEndsIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
			"f": func(context.Context, element.Args) (any, error) {
				time.Sleep(35 * time.Second) // heeds no deadline
				return 1, nil
			},
		}})
		s := serve(t, Options{}, app)
		go s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey)))
		synctest.Wait()
		begun := time.Now()
		w, e := s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey)))
		require.Equal(t, 503, w.Code)
		require.Equal(t, "CODE_BUSY", e.Code)
		require.Equal(t, "1", w.Header().Get("Retry-After"))
		require.LessOrEqual(t, time.Since(begun), callTime+time.Second)
		time.Sleep(time.Minute)
		_ = app.cache.Close()
	})
}

func TestARepeatTakesOverFromAKilledProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		s := serve(t, Options{}, newApp(t, counting(&calls, nil)))
		args := element.Args{}
		n := s.idempotency.operation(call{target: s.app.elements["a.b"], function: "f", key: someKey}, element.Caller{}, extension.Scope{Args: args})
		begun, err := s.app.cache.(caches.Store).Begin(t.Context(), caches.Begin{
			Key: n.key, Owner: "a process that was killed", Fingerprint: n.fingerprint, Lease: attemptLease, TTL: answersKept,
		})
		require.NoError(t, err)
		require.Equal(t, caches.BeginStarted, begun.Outcome)
		start := time.Now()
		w, _ := s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey)))
		require.Equal(t, 200, w.Code)
		require.EqualValues(t, 1, calls.Load())
		require.LessOrEqual(t, time.Since(start), attemptLease+time.Second)
		_ = s.app.cache.Close()
	})
}

func TestAClientThatDisconnectsFindsTheAnswerLater(t *testing.T) {
	var calls atomic.Int32
	began, leave := make(chan struct{}), make(chan struct{})
	app := newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(ctx context.Context, _ element.Args) (any, error) {
			calls.Add(1)
			close(began)
			<-leave
			return "done", ctx.Err()
		},
	}})
	s := serve(t, Options{}, app)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey), func(r *http.Request) { *r = *r.WithContext(ctx) }))
	}()
	<-began
	cancel()
	close(leave)
	<-ended
	_, e := s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey)))
	require.Equal(t, "done", e.Data)
	require.EqualValues(t, 1, calls.Load())
}

func TestAPanicIsAFinalAnswer(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, Options{}, newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(context.Context, element.Args) (any, error) { calls.Add(1); panic("x") },
	}}))
	for range 2 {
		w, e := s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey)))
		require.Equal(t, 500, w.Code)
		require.Equal(t, "INTERNAL", e.Code)
	}
	require.EqualValues(t, 1, calls.Load())
}

func TestARepeatedWebLoginSetsTheSameCookies(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	key := with("Idempotency-Key", someKey)
	first, _ := s.do(newCall(authPath+"loginByCode", `{"platform":"web"}`, key))
	again, e := s.do(newCall(authPath+"loginByCode", `{"platform":"web"}`, key))
	require.Equal(t, first.Header().Values("Set-Cookie"), again.Header().Values("Set-Cookie"))
	require.Len(t, again.Result().Cookies(), 3)
	require.NotContains(t, e.Data, "accessToken")
}

func TestARefreshWithAnotherCookieIsNoRepeat(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	key := with("Idempotency-Key", someKey)
	w, _ := s.do(newCall(authPath+"refresh", `{}`, key, withCookie("lintel_refresh", "r1")))
	require.Equal(t, 200, w.Code)
	w, _ = s.do(newCall(authPath+"refresh", `{}`, key, withCookie("lintel_refresh", "r0")))
	require.Equal(t, 409, w.Code)
	require.Empty(t, w.Result().Cookies())
	w, _ = s.do(newCall(authPath+"refresh", `{}`, key))
	require.Equal(t, 409, w.Code)
}

// tokensOf is a session service whose refresh returns the next token of a session.
func tokensOf(calls *atomic.Int32) *standIn {
	e := authSvc()
	e.functions["refresh"] = func(_ context.Context, args element.Args) (any, error) {
		calls.Add(1)
		session, n, ok := (&standInAuth{}).Family(args["refreshToken"].(string))
		if !ok {
			return nil, errcode.New(errcode.LoginRequired, "nobody")
		}
		return map[string]any{"accessToken": "a", "refreshToken": fmt.Sprintf("%s.%d", session, n+1), "expiresIn": 900}, nil
	}
	return e
}

func TestARepeatedRefreshMayShowTheCookieOfItsAnswer(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, Options{}, newApp(t, tokensOf(&calls)))
	refresh := func(cookie string) (int, string) {
		w, _ := s.do(newCall(authPath+"refresh", `{}`, with("Idempotency-Key", someKey), withCookie("lintel_refresh", cookie)))
		if set := cookiesOf(w)["lintel_refresh"]; set != nil {
			return w.Code, set.Value
		}
		return w.Code, ""
	}
	for _, c := range []struct {
		shown  string
		status int
		set    string
		calls  int32
	}{
		{"s.4", 200, "s.5", 1},
		{"s.4", 200, "s.5", 1}, // the answer was lost
		{"s.5", 200, "s.5", 1}, // the answer came
		{"s.6", 409, "", 1},    // the browser has gone on since
		{"s.3", 409, "", 1},
		{"z.4", 200, "z.5", 2}, // another's
		{"forged", 401, "", 3},
		{"forged2", 409, "", 3},
	} {
		status, set := refresh(c.shown)
		require.Equal(t, c.status, status, c.shown)
		if c.set != "" {
			require.Equal(t, c.set, set, c.shown)
		}
		require.Equal(t, c.calls, calls.Load(), c.shown)
	}
}

func TestARepeatMayFollowTheEndOfItsSession(t *testing.T) {
	for _, function := range []string{"logout", "endSession"} {
		for _, shown := range []func(*http.Request){with("Authorization", "Bearer a1"), withCookie("lintel_session", "a1")} {
			app := newAuthApp(t)
			auth := app.auth.(*standInAuth)
			e := app.elements[sessions.Official]
			var calls atomic.Int32
			e.functions[function] = func(ctx context.Context, _ element.Args) (any, error) {
				calls.Add(1)
				if element.CallerOf(ctx).SessionID == "" {
					return nil, errcode.New(errcode.LoginRequired, "nobody")
				}
				auth.ended = auth.tokens
				auth.tokens = nil
				return map[string]any{"success": true}, nil
			}
			s := serve(t, Options{}, app)
			again := withCookie("lintel_refresh", "s.1")
			for range 3 {
				w, _ := s.do(newCall(authPath+function, `{}`, with("Idempotency-Key", someKey), shown, again))
				require.Equal(t, 200, w.Code, function)
			}
			require.EqualValues(t, 1, calls.Load())
			w, _ := s.do(newCall(authPath+function, `{}`, with("Idempotency-Key", someKey)))
			require.Equal(t, 401, w.Code, "nobody's is another's")
			w, _ = s.do(newCall(authPath+function, `{}`, with("Idempotency-Key", someKey+"2"), shown))
			require.Equal(t, 401, w.Code, "another request of an ended session")
		}
	}
}

// spyCache records what is kept, and fails while it is down.
type spyCache struct {
	element.Instance
	caches.Store
	down bool
	kept [][]byte
}

func (c *spyCache) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	if c.down {
		return caches.BeginResult{}, caches.ErrUnavailable
	}
	return c.Store.Begin(ctx, b)
}

func (c *spyCache) Finish(ctx context.Context, f caches.Finish) error {
	c.kept = append(c.kept, []byte(f.Key), f.Answer)
	return c.Store.Finish(ctx, f)
}

func TestKeptAnswersAreSealed(t *testing.T) {
	app := newAuthApp(t)
	spy := &spyCache{Instance: app.cache, Store: app.cache.(caches.Store)}
	app.cache = spy
	s := serve(t, Options{}, app)
	s.do(newCall(authPath+"refresh", `{"refreshToken":"r1"}`, with("Idempotency-Key", someKey)))
	require.Len(t, spy.kept, 2)
	require.NotEmpty(t, spy.kept[1])
	for _, kept := range spy.kept {
		for _, secret := range []string{"accessToken", "a2", someKey} {
			require.NotContains(t, string(kept), secret)
		}
	}
	_, err := s.idempotency.recall(operation{key: "another"}, spy.kept[1])
	require.Error(t, err, "an answer can't be put in another's place")
}

func TestAKeyOfACallThatChangesNothingLeavesNothing(t *testing.T) {
	var calls atomic.Int32
	app := newApp(t, counting(&calls, nil))
	app.elements["a.b"].functions["g"] = app.elements["a.b"].functions["f"]
	app.elements["a.b"].reads = map[string]bool{"g": true}
	spy := &spyCache{Instance: app.cache, Store: app.cache.(caches.Store)}
	app.cache = spy
	s := serve(t, Options{}, app)
	key := with("Idempotency-Key", someKey)
	for range 3 {
		w, _ := s.do(newCall("a/b/g", `{}`, key))
		require.Equal(t, 200, w.Code)
	}
	require.EqualValues(t, 3, calls.Load())
	w, _ := s.do(newCall("a/b/f", `{"refused":1}`, key))
	require.Equal(t, 400, w.Code)
	w, _ = s.do(newCall("a/b/h", `{}`, key))
	require.Equal(t, 404, w.Code)
	w, _ = s.do(newCall("a/b/g", `{}`, with("Idempotency-Key", "short")))
	require.Equal(t, 400, w.Code, "a malformed key is refused all the same")
	require.Empty(t, spy.kept)
	w, _ = s.do(newCall("a/b/f", `{}`, key))
	require.Equal(t, 200, w.Code)
	require.Len(t, spy.kept, 2, "the key is still good")
}

func TestAnAnswerThatIsTooLongIsNotDoneAgain(t *testing.T) {
	for length, kept := range map[int]bool{mostKept - 2: true, mostKept - 1: false, 1 << 20: false} {
		var calls int
		s := serve(t, Options{}, newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
			"f": func(context.Context, element.Args) (any, error) {
				calls++
				return strings.Repeat("x", length), nil
			},
		}}))
		key := with("Idempotency-Key", someKey)
		w, first := s.do(newCall("a/b/f", `{}`, key))
		require.Equal(t, 200, w.Code)
		for range 2 {
			w, again := s.do(newCall("a/b/f", `{}`, key))
			if kept {
				require.Equal(t, 200, w.Code)
				require.Equal(t, first.Data, again.Data)
				continue
			}
			require.Equal(t, 409, w.Code)
			require.Equal(t, "API_PARAMS_ERROR", again.Code)
			require.Equal(t, map[string]any{"arg": "Idempotency-Key"}, again.Data)
		}
		require.Equal(t, 1, calls)
	}
}

func TestAFloodOfKeysCostsItsSender(t *testing.T) {
	app := newApp(t, counting(new(atomic.Int32), nil))
	spent := &spentCache{spyCache: spyCache{Instance: app.cache, Store: app.cache.(caches.Store)}, after: 3}
	app.cache = spent
	s := serve(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, app)
	post := func(n int, from string) (*httptest.ResponseRecorder, envelope) {
		return s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", fmt.Sprintf("a-flood-of-keys-%d", n)), with("X-Forwarded-For", from)))
	}
	for n := range 3 {
		w, _ := post(n, fmt.Sprintf("2001:db8::%d", n))
		require.Equal(t, 200, w.Code)
	}
	w, e := post(3, "2001:db8::ffff")
	require.Equal(t, 429, w.Code)
	require.Equal(t, "API_PARAMS_ERROR", e.Code)
	require.Equal(t, map[string]any{"arg": "Idempotency-Key"}, e.Data)
	require.Equal(t, "120", w.Header().Get("Retry-After"), "rounded up to a minute")
	for _, from := range []string{"2001:db8:0:1::1", "198.51.100.1"} {
		w, _ = post(4, from)
		require.Equal(t, 200, w.Code, from)
	}
	w, _ = s.do(newCall("a/b/f", `{}`, with("X-Forwarded-For", "2001:db8::1")))
	require.Equal(t, 200, w.Code, "without a key")
	w, _ = post(0, "2001:db8::1")
	require.Equal(t, 200, w.Code, "what is remembered is answered")
}

// spentCache is a cache where a sender's budget is small.
type spentCache struct {
	spyCache
	after int
}

func (c *spentCache) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	b.Budgets.Sender.Window = caches.Window{Max: c.after, Per: 90 * time.Second}
	return c.spyCache.Begin(ctx, b)
}

func TestARequestWithAKeyNeedsTheCache(t *testing.T) {
	var calls atomic.Int32
	app := newApp(t, counting(&calls, nil))
	app.cache = &spyCache{Instance: app.cache, Store: app.cache.(caches.Store), down: true}
	s := serve(t, Options{}, app)
	w, e := s.do(newCall("a/b/f", `{}`, with("Idempotency-Key", someKey)))
	require.Equal(t, 503, w.Code)
	require.Equal(t, "STORE_UNAVAILABLE", e.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Zero(t, calls.Load())
}
