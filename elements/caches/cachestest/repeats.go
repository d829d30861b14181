package cachestest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

func (s *scene) begin(owner, fingerprint string) caches.Begun {
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

var repeats = []rule{
	{"the first goes on, others are told it is under way", func(s *scene) {
		require.Equal(s, caches.OK, s.begin("a", "f").Verdict)
		require.Equal(s, caches.OK, s.begin("a", "f").Verdict)
		require.Equal(s, caches.Busy, s.begin("b", "f").Verdict)
		require.Equal(s, caches.Mismatch, s.begin("b", "g").Verdict)
	}},
	{"the answer is kept for its ttl", func(s *scene) {
		require.Equal(s, caches.OK, s.begin("a", "f").Verdict)
		s.finish("a", []byte("answer\x00\xff"))
		s.finish("a", []byte("answer\x00\xff"))
		require.Equal(s, caches.Begun{Verdict: caches.Done, Answer: []byte("answer\x00\xff")}, s.begin("b", "f"))
		require.Equal(s, caches.Mismatch, s.begin("b", "g").Verdict)
		s.Advance(10 * time.Minute)
		require.Equal(s, caches.OK, s.begin("b", "f").Verdict)
	}},
	{"a nil answer forgets the request, an empty one doesn't", func(s *scene) {
		s.begin("a", "f")
		s.finish("a", nil)
		require.Equal(s, caches.OK, s.begin("b", "g").Verdict)
		s.finish("b", []byte{})
		require.Equal(s, caches.Done, s.begin("c", "g").Verdict)
	}},
	{"after the lease a repeat takes the request over", func(s *scene) {
		s.begin("a", "f")
		s.Advance(10 * time.Second)
		require.Equal(s, caches.Mismatch, s.begin("b", "g").Verdict)
		require.Equal(s, caches.OK, s.begin("b", "f").Verdict)
		s.finish("a", []byte("late"))
		require.Equal(s, caches.Busy, s.begin("c", "f").Verdict)
		s.finish("b", []byte("answer"))
		require.Equal(s, []byte("answer"), s.begin("c", "f").Answer)
	}},
	{"its owner renews the lease", func(s *scene) {
		s.begin("a", "f")
		for range 3 {
			s.Advance(6 * time.Second)
			require.Equal(s, caches.OK, s.begin("a", "f").Verdict)
		}
		s.Advance(6 * time.Second)
		require.Equal(s, caches.Busy, s.begin("b", "f").Verdict)
		s.Advance(4 * time.Second)
		require.Equal(s, caches.OK, s.begin("b", "f").Verdict)
		require.Equal(s, caches.Busy, s.begin("a", "f").Verdict, "it was taken over")
	}},
	{"finishing what nobody began is no error", func(s *scene) {
		s.finish("a", []byte("answer"))
		require.Equal(s, caches.OK, s.begin("a", "f").Verdict)
	}},
}
