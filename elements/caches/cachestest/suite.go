// Package cachestest tests a caches.Store against its contract: its rules one by one,
// races of hundreds of calls, and a comparison with a reference by random operations.
package cachestest

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// Opened is a store to test.
type Opened struct {
	Store caches.Store
	// Others are further stores on the same data, as in other processes.
	Others []caches.Store
	// Advance moves the clock of all stores, back if it is negative. Otherwise their
	// clock stands still, see Clock.
	Advance func(time.Duration)
}

// Options of a run.
type Options struct {
	// Rounds is how often each race is run. 0 is 3, or 40 if LINTEL_SOAK is set.
	Rounds int
	// SeparateLimits is set if the store takes shared limits in a step before, so that
	// they may refuse early when many sends come at once.
	SeparateLimits bool
}

// Run tests the store that openStores returns. It calls it for each group of tests.
func Run(t *testing.T, openStores func(testing.TB) Opened, opts Options) {
	open := func(t testing.TB) Opened { return openStores(t).patient() }
	if opts.Rounds == 0 {
		opts.Rounds = 3
		if os.Getenv("LINTEL_SOAK") != "" {
			opts.Rounds = 40
		}
	}
	t.Run("reservations", func(t *testing.T) { each(t, open, reservations) })
	t.Run("captchas", func(t *testing.T) { each(t, open, captchas) })
	t.Run("risk groups", func(t *testing.T) { each(t, open, riskGroups) })
	t.Run("guesses", func(t *testing.T) { each(t, open, guesses) })
	t.Run("lengths", func(t *testing.T) { each(t, open, lengths) })
	t.Run("claims", func(t *testing.T) { each(t, open, claims) })
	t.Run("tokens", func(t *testing.T) { each(t, open, tokens) })
	t.Run("idempotency", func(t *testing.T) { each(t, open, idempotency) })
	t.Run("races", func(t *testing.T) { races(t, open(t), opts) })
	t.Run("differential", func(t *testing.T) { differential(t, open) })
	t.Run("captchas, differential", func(t *testing.T) { captchaDifferential(t, open) })
}

// rule is a test of one rule of the contract.
type rule struct {
	name string
	test func(s *scene)
}

func each(t *testing.T, open func(testing.TB) Opened, rules []rule) {
	o := open(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) { r.test(newScene(t, o)) })
	}
}

var scenes atomic.Int64

// scene is a test's identity in a store. Its methods make usual requests, which the test
// changes.
type scene struct {
	testing.TB
	Opened
	ctx  context.Context
	key  string
	code int
	reqs int
}

func newScene(t testing.TB, o Opened) *scene {
	return &scene{TB: t, Opened: o, ctx: context.Background(), key: fmt.Sprintf("k%d-%d", os.Getpid(), scenes.Add(1))}
}

func (s *scene) request() string {
	s.reqs++
	return fmt.Sprintf("%s-q%d", s.key, s.reqs)
}

// reserve returns a request for a send. The MAC of its code is "mac-" and the ID.
func (s *scene) reserve(change ...func(*caches.Reserve)) caches.Reserve {
	s.code++
	id := fmt.Sprintf("%s-c%d", s.key, s.code)
	r := caches.Reserve{
		Request: s.request(), Key: s.key,
		Code: caches.Code{ID: id, MAC: "mac-" + id, Length: 6, Purposes: []string{"login", "register"}},
		TTL:  5 * time.Minute, Interval: 45 * time.Second,
		Sends:    []caches.Window{{Max: 5, Per: time.Hour}, {Max: 10, Per: 24 * time.Hour}},
		Refusals: caches.Window{Max: 10, Per: time.Hour},
		Guesses:  caches.Window{Max: 10, Per: time.Hour},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func (s *scene) doReserve(r caches.Reserve) caches.ReserveResult {
	s.Helper()
	got, err := s.Store.Reserve(s.ctx, r)
	require.NoError(s, err)
	return got
}

func reservation(r caches.Reserve) caches.Reservation {
	return caches.Reservation{
		Request: r.Request, Key: r.Key, Holder: r.Holder, Budget: r.Budget, CodeID: r.Code.ID, Shared: r.Shared,
	}
}

func (s *scene) commit(r caches.Reserve) {
	s.Helper()
	require.NoError(s, s.Store.Commit(s.ctx, reservation(r)))
}

func (s *scene) rollback(r caches.Reserve) {
	s.Helper()
	s.refuse(r, caches.Refusal{Count: r.Refusals})
}

func (s *scene) refuse(r caches.Reserve, refused caches.Refusal) {
	s.Helper()
	require.NoError(s, s.Store.Rollback(s.ctx, reservation(r), refused))
}

// send makes a send that the vendor accepts.
func (s *scene) send(change ...func(*caches.Reserve)) caches.Reserve {
	s.Helper()
	r := s.reserve(change...)
	require.Equal(s, caches.ReserveResult{Outcome: caches.Reserved, CodeID: r.Code.ID}, s.doReserve(r))
	s.commit(r)
	return r
}

// guess returns the right guess of a reservation's code.
func (s *scene) guess(r caches.Reserve, change ...func(*caches.Guess)) caches.Guess {
	g := caches.Guess{
		Request: s.request(), Key: r.Key, Holder: r.Holder, Budget: r.Budget, Purpose: "login", MAC: r.Code.MAC,
		Length: r.Code.Length, FreshLength: 6, Attempts: 5, Guesses: caches.Window{Max: 10, Per: time.Hour}, ClaimFor: 10 * time.Second,
	}
	for _, c := range change {
		c(&g)
	}
	return g
}

func wrong(g *caches.Guess)   { g.MAC = "wrong" }
func consume(g *caches.Guess) { g.Then = caches.Consume }
func claim(g *caches.Guess)   { g.Then = caches.Claim }

func (s *scene) doGuess(g caches.Guess) caches.GuessResult {
	s.Helper()
	got, err := s.Store.Guess(s.ctx, g)
	require.NoError(s, err)
	return got
}

func (s *scene) guessed(g caches.Guess) caches.GuessOutcome {
	s.Helper()
	return s.doGuess(g).Outcome
}
