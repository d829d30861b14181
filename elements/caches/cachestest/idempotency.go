package cachestest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

func (s *scene) begin(owner, fingerprint string) caches.BeginResult {
	s.Helper()
	got, err := s.Store.Begin(s.ctx, caches.Begin{
		Key: s.key, Owner: owner, Fingerprint: fingerprint, Lease: 10 * time.Second, TTL: 10 * time.Minute,
	})
	require.NoError(s, err)
	return got
}

func (s *scene) finish(owner string, answer []byte) {
	s.Helper()
	require.NoError(s, s.Store.Finish(s.ctx, caches.Finish{Key: s.key, Owner: owner, Answer: answer, TTL: 10 * time.Minute}))
}

var idempotency = []rule{
	{"the first starts, others are busy", func(s *scene) {
		require.Equal(s, caches.BeginStarted, s.begin("a", "f").Outcome)
		require.Equal(s, caches.BeginStarted, s.begin("a", "f").Outcome)
		require.Equal(s, caches.BeginBusy, s.begin("b", "f").Outcome)
		require.Equal(s, caches.BeginMismatch, s.begin("b", "g").Outcome)
	}},
	{"the answer is kept for its ttl", func(s *scene) {
		require.Equal(s, caches.BeginStarted, s.begin("a", "f").Outcome)
		s.finish("a", []byte("answer\x00\xff"))
		s.finish("a", []byte("answer\x00\xff"))
		require.Equal(s, caches.BeginResult{Outcome: caches.BeginDone, Answer: []byte("answer\x00\xff")}, s.begin("b", "f"))
		require.Equal(s, caches.BeginMismatch, s.begin("b", "g").Outcome)
		s.Advance(10 * time.Minute)
		require.Equal(s, caches.BeginStarted, s.begin("b", "f").Outcome)
	}},
	{"a nil answer forgets the request, an empty one doesn't", func(s *scene) {
		s.begin("a", "f")
		s.finish("a", nil)
		require.Equal(s, caches.BeginStarted, s.begin("b", "g").Outcome)
		s.finish("b", []byte{})
		require.Equal(s, caches.BeginDone, s.begin("c", "g").Outcome)
	}},
	{"after the lease a repeat takes the request over", func(s *scene) {
		s.begin("a", "f")
		s.Advance(10 * time.Second)
		require.Equal(s, caches.BeginMismatch, s.begin("b", "g").Outcome)
		require.Equal(s, caches.BeginStarted, s.begin("b", "f").Outcome)
		s.finish("a", []byte("late"))
		require.Equal(s, caches.BeginBusy, s.begin("c", "f").Outcome)
		s.finish("b", []byte("answer"))
		require.Equal(s, []byte("answer"), s.begin("c", "f").Answer)
	}},
	{"the owner renews the lease", func(s *scene) {
		s.begin("a", "f")
		for range 3 {
			s.Advance(6 * time.Second)
			require.Equal(s, caches.BeginStarted, s.begin("a", "f").Outcome)
		}
		s.Advance(6 * time.Second)
		require.Equal(s, caches.BeginBusy, s.begin("b", "f").Outcome)
		s.Advance(4 * time.Second)
		require.Equal(s, caches.BeginStarted, s.begin("b", "f").Outcome)
		require.Equal(s, caches.BeginBusy, s.begin("a", "f").Outcome, "it was taken over")
	}},
	{"finishing a request that nobody began is no error", func(s *scene) {
		s.finish("a", []byte("answer"))
		require.Equal(s, caches.BeginStarted, s.begin("a", "f").Outcome)
	}},
	{"a sender whose budget is spent begins nothing", func(s *scene) {
		b := s.budgets(3, 100)
		for n := range 3 {
			require.Equal(s, caches.BeginResult{Outcome: caches.BeginStarted, TTL: 10 * time.Minute}, s.beginOf(n, b))
		}
		for range 2 { // the first left nothing
			require.Equal(s, caches.BeginResult{Outcome: caches.BeginSpent, RetryAfter: 10 * time.Minute}, s.beginOf(3, b))
		}
		require.Equal(s, caches.BeginStarted, s.beginOf(2, b).Outcome, "a lease is renewed all the same")
		s.finishOf(2, b, []byte("answer"))
		require.Equal(s, caches.BeginDone, s.beginOf(2, b).Outcome, "what is remembered is answered")
		other := b
		other.Sender.Key = s.key + "another"
		require.Equal(s, caches.BeginStarted, s.beginOf(4, other).Outcome)
		s.Advance(10 * time.Minute)
		require.Equal(s, caches.BeginStarted, s.beginOf(3, b).Outcome)
	}},
	{"an answer takes of the budget by its length", func(s *scene) {
		b := s.budgets(6, 100)
		require.Equal(s, caches.BeginStarted, s.beginOf(0, b).Outcome)
		s.finishOf(0, b, make([]byte, caches.AnswerUnit))
		require.Equal(s, caches.BeginStarted, s.beginOf(1, b).Outcome)
		for range 2 {
			s.finishOf(1, b, make([]byte, 3*caches.AnswerUnit+1)) // a repeat takes nothing more
		}
		require.Equal(s, caches.BeginStarted, s.beginOf(2, b).Outcome)
		require.Equal(s, caches.BeginSpent, s.beginOf(3, b).Outcome)
	}},
	{"past the budget of all, requests are kept for a shorter time", func(s *scene) {
		b := s.budgets(100, 3)
		for n := range 3 {
			require.Equal(s, 10*time.Minute, s.beginOf(n, b).TTL)
		}
		b.Sender.Key = s.key + "another"
		require.Equal(s, caches.BeginResult{Outcome: caches.BeginStarted, TTL: time.Minute}, s.beginOf(3, b))
		require.NoError(s, s.Store.Finish(s.ctx, caches.Finish{Key: s.key + "3", Owner: "o", Answer: []byte("a"), TTL: time.Minute, Budgets: b}))
		require.Equal(s, caches.BeginDone, s.beginOf(3, b).Outcome)
		s.Advance(time.Minute)
		require.Equal(s, caches.BeginStarted, s.beginOf(3, b).Outcome)
		s.Advance(10 * time.Minute)
		require.Equal(s, 10*time.Minute, s.beginOf(4, b).TTL)
	}},
}

func (s *scene) budgets(sender, all int) caches.Budgets {
	return caches.Budgets{
		Sender:   caches.SharedLimit{Key: s.key + "sender", Window: caches.Window{Max: sender, Per: 10 * time.Minute}},
		All:      caches.SharedLimit{Key: s.key + "all", Window: caches.Window{Max: all, Per: 10 * time.Minute}},
		SpentTTL: time.Minute,
	}
}

func (s *scene) beginOf(n int, b caches.Budgets) caches.BeginResult {
	s.Helper()
	got, err := s.Store.Begin(s.ctx, caches.Begin{
		Key: fmt.Sprint(s.key, n), Owner: "o", Fingerprint: "f", Lease: 10 * time.Second, TTL: 10 * time.Minute, Budgets: b,
	})
	require.NoError(s, err)
	return got
}

func (s *scene) finishOf(n int, b caches.Budgets, answer []byte) {
	s.Helper()
	require.NoError(s, s.Store.Finish(s.ctx, caches.Finish{
		Key: fmt.Sprint(s.key, n), Owner: "o", Answer: answer, TTL: 10 * time.Minute, Budgets: b,
	}))
}
