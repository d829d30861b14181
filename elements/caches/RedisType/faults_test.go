package redistype

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/internal/freeport"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/internal/testredis"
)

// limit is how long an operation may take when Redis fails.
const limit = 900 * time.Millisecond

var ctx = context.Background()

func reserveOf(key string, n int) caches.Reserve {
	id := fmt.Sprintf("%s-c%d", key, n)
	return caches.Reserve{
		Request: fmt.Sprintf("%s-r%d", key, n), Key: key,
		Code: caches.Code{ID: id, MAC: "mac-" + id, Purposes: []string{"login"}},
		TTL:  5 * time.Minute, Interval: 45 * time.Second,
		Sends:    []caches.Window{{Max: 5, Per: time.Hour}},
		Refusals: caches.Window{Max: 10, Per: time.Hour}, Guesses: caches.Window{Max: 10, Per: time.Hour},
		Shared: []caches.SharedLimit{{Key: key + "-ip", Window: caches.Window{Max: 1, Per: time.Hour}}},
	}
}

func guessOf(r caches.Reserve, n int) caches.Guess {
	return caches.Guess{
		Request: fmt.Sprintf("%s-g%d", r.Key, n), Key: r.Key, Purpose: "login", MAC: r.Code.MAC,
		Attempts: 5, Guesses: caches.Window{Max: 10, Per: time.Hour}, Then: caches.Consume, ClaimFor: 10 * time.Second,
		Issue: &caches.Issue{Hash: "h", Value: []byte("v"), TTL: time.Minute},
	}
}

func reservationOf(r caches.Reserve) caches.Reservation {
	return caches.Reservation{Request: r.Request, Key: r.Key, CodeID: r.Code.ID, Shared: r.Shared}
}

func TestALostReplyIsAskedForAgain(t *testing.T) {
	server := testredis.Start(t)
	p := newProxy(t, server.Addr)
	s := openStore(t, Config{URL: "redis://" + p.addr})
	require.NoError(t, s.Ready(ctx))
	for i := range 30 {
		r := reserveOf(fmt.Sprintf("lost%d", i), 1)
		p.cut.Store(1)
		got, err := s.Reserve(ctx, r)
		require.NoError(t, err)
		require.Equal(t, caches.Reserved, got.Outcome, "the cooldown is this request's own")
		p.cut.Store(1)
		require.NoError(t, s.Commit(ctx, reservationOf(r)))

		miss := guessOf(r, 1)
		miss.MAC = "wrong"
		for n := range 4 {
			miss.Request = fmt.Sprintf("%s-miss%d", r.Key, n)
			p.cut.Store(1)
			wrong, err := s.Guess(ctx, miss)
			require.NoError(t, err)
			require.Equal(t, caches.GuessWrong, wrong.Outcome)
		}
		p.cut.Store(1)
		right, err := s.Guess(ctx, guessOf(r, 2))
		require.NoError(t, err)
		require.Equal(t, caches.GuessRight, right.Outcome, "four wrong guesses burnt four attempts, and the right one is right")

		p.cut.Store(1)
		q := caches.TokenRequest{Request: r.Key + "-t", Key: r.Key, Hash: "h", Then: caches.Consume, Linger: time.Minute}
		token, err := s.Token(ctx, q)
		require.NoError(t, err)
		require.Equal(t, caches.TokenResult{Outcome: caches.TokenValid, Value: []byte("v")}, token)
	}
}

func TestAFailedReservationIsUndone(t *testing.T) {
	for _, cluster := range []bool{false, true} {
		t.Run(fmt.Sprintf("cluster=%v", cluster), func(t *testing.T) {
			server := testredis.Start(t)
			p := newProxy(t, server.Addr)
			s := openStore(t, Config{URL: "redis://" + p.addr})
			s.cluster = cluster
			require.NoError(t, s.Ready(ctx))
			p.cut.Store(-1)
			watch := pace.Start(t)
			_, err := s.Reserve(ctx, reserveOf("k", 1))
			require.ErrorIs(t, err, caches.ErrUnavailable)
			watch.Within(t, limit)
			require.NotContains(t, err.Error(), "127.0.0.1")
			p.cut.Store(0)
			var got caches.ReserveResult
			require.Eventually(t, func() bool {
				got, err = s.Reserve(ctx, reserveOf("k", 2))
				return err == nil && got.Outcome == caches.Reserved
			}, 30*time.Second, 20*time.Millisecond, "without a send there is no cooldown: %+v", &got)
		})
	}
}

func TestARetryKeepsWhatTheFailedCallReserved(t *testing.T) {
	server := testredis.Start(t)
	s := openStore(t, Config{URL: server.URL()})
	r := reserveOf("k", 1)
	first, again := reservation{&r, "attempt-1"}, reservation{&r, "attempt-2"}
	for _, q := range []reservation{first, again} {
		got, _, err := s.reserve(ctx, q, false, nil)
		require.NoError(t, err)
		require.Equal(t, caches.Reserved, got.Outcome)
	}
	require.True(t, s.undoReserve(ctx, first))
	got, err := s.Reserve(ctx, reserveOf("k", 2))
	require.NoError(t, err)
	require.Equal(t, caches.Cooldown, got.Outcome, "the second call has it")
	require.True(t, s.undoReserve(ctx, again))
	_, _, err = s.reserve(ctx, again, false, nil)
	require.ErrorIs(t, err, caches.ErrUnavailable, "a late call that was undone reserves nothing")
	got, err = s.Reserve(ctx, reserveOf("k", 2))
	require.NoError(t, err)
	require.Equal(t, caches.Reserved, got.Outcome)
}

// everything calls each method once and returns their errors.
func everything(s *Store) map[string]error {
	r := reserveOf("k", 1)
	_, reserve := s.Reserve(ctx, r)
	_, guess := s.Guess(ctx, guessOf(r, 1))
	_, token := s.Token(ctx, caches.TokenRequest{Request: "q", Key: "k", Hash: "h"})
	_, begin := s.Begin(ctx, caches.Begin{Key: "k", Owner: "o", Lease: time.Second, TTL: time.Second})
	return map[string]error{
		"Reserve": reserve, "Guess": guess, "Token": token, "Begin": begin,
		"Commit":   s.Commit(ctx, reservationOf(r)),
		"EndClaim": s.EndClaim(ctx, caches.EndClaim{Request: "q", Key: "k"}),
		"EndToken": s.EndToken(ctx, caches.EndToken{Request: "q", Key: "k", Hash: "h"}),
		"Finish":   s.Finish(ctx, caches.Finish{Key: "k", Owner: "o"}),
		"Ready":    s.Ready(ctx),
	}
}

func TestARedisThatIsAwayIsUnavailableWithinASecond(t *testing.T) {
	for name, fault := range map[string]struct{ fail, mend func(*testredis.Server) }{
		"stopped": {(*testredis.Server).Stop, (*testredis.Server).Start},
		"frozen":  {(*testredis.Server).Freeze, (*testredis.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			s := openStore(t, Config{URL: server.URL()})
			require.NoError(t, s.Ready(ctx))
			fault.fail(server)
			watch := pace.Start(t)
			failed := everything(s)
			watch.Within(t, time.Duration(len(failed))*limit)
			for method, err := range failed {
				require.ErrorIs(t, err, caches.ErrUnavailable, method)
				require.NotContains(t, err.Error(), server.Addr)
			}
			fault.mend(server)
			require.Eventually(t, func() bool { return s.Ready(ctx) == nil }, 30*time.Second, 10*time.Millisecond)
			require.Eventually(t, func() bool {
				got, err := s.Reserve(ctx, reserveOf("after", 1))
				return err == nil && got.Outcome == caches.Reserved
			}, 30*time.Second, 10*time.Millisecond)
		})
	}
}

func TestOpeningDoesNotWaitAndCancellingEnds(t *testing.T) {
	s := openStore(t, Config{URL: fmt.Sprintf("redis://127.0.0.1:%d", freeport.Take(t))})
	require.ErrorIs(t, s.Ready(ctx), caches.ErrUnavailable)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.Guess(cancelled, guessOf(reserveOf("k", 1), 1))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, caches.ErrUnavailable)
}

func TestScriptsAreSentAgainToAServerThatForgotThem(t *testing.T) {
	server := testredis.Start(t)
	s := openStore(t, Config{URL: server.URL()})
	require.NoError(t, server.Client().ScriptFlush(ctx).Err())
	got, err := s.Reserve(ctx, reserveOf("k", 1))
	require.NoError(t, err)
	require.Equal(t, caches.Reserved, got.Outcome)
}

func TestEachOperationIsOneRoundTrip(t *testing.T) {
	server := testredis.Start(t)
	p := newProxy(t, server.Addr)
	s := openStore(t, Config{URL: "redis://" + p.addr})
	r := reserveOf("warm", 1)
	_, _ = s.Reserve(ctx, r)
	_ = s.Commit(ctx, reservationOf(r))
	_, _ = s.Guess(ctx, guessOf(r, 1))
	r = reserveOf("k", 1)
	count := func(want int64, run func() error) {
		t.Helper()
		before := p.asked.Load()
		require.NoError(t, run())
		require.Equal(t, want, p.asked.Load()-before)
	}
	soon(t, "the eviction check has ended", func() bool {
		before := p.asked.Load()
		time.Sleep(50 * time.Millisecond)
		return p.asked.Load() == before
	})
	count(1, func() error { _, err := s.Reserve(ctx, r); return err })
	count(1, func() error { return s.Commit(ctx, reservationOf(r)) })
	count(1, func() error { _, err := s.Guess(ctx, guessOf(r, 1)); return err })
}
