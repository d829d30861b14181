package cachestest

import (
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
	require.NoError(s, s.Store.Finish(s.ctx, s.key, owner, answer, 10*time.Minute))
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
}
