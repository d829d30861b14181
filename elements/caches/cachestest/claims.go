package cachestest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

func (s *scene) endClaim(g caches.Guess, code string, used bool, issue *caches.Issue) {
	s.Helper()
	require.NoError(s, s.Store.EndClaim(s.ctx, caches.EndClaim{
		Request: g.Request, Key: g.Key, Holder: g.Holder, CodeID: code, Used: used, Issue: issue,
	}))
}

var claims = []rule{
	{"a claimed code is busy for others, without a comparison", func(s *scene) {
		r := s.send()
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, claim)))
		for range 9 {
			got := s.doGuess(s.guess(r, wrong))
			require.Equal(s, caches.GuessBusy, got.Outcome)
			require.Equal(s, 10*time.Second, got.RetryAfter)
		}
		require.Equal(s, caches.GuessBusy, s.guessed(s.guess(r)))
	}},
	{"a used claim removes the code and keeps the token", func(s *scene) {
		r := s.send()
		g := s.guess(r, claim)
		require.Equal(s, caches.GuessRight, s.guessed(g))
		token := &caches.Issue{Hash: "h", Value: []byte("v"), TTL: time.Minute}
		s.endClaim(g, r.Code.ID, true, token)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
		require.Equal(s, caches.TokenValid, s.read("h").Outcome)
		require.Equal(s, caches.TokenValid, s.take("h").Outcome)
		s.endClaim(g, r.Code.ID, true, token)
		require.Equal(s, caches.TokenUsed, s.read("h").Outcome, "a repeat doesn't bring the token back")
	}},
	{"a released claim frees the code", func(s *scene) {
		r := s.send()
		g := s.guess(r, claim)
		require.Equal(s, caches.GuessRight, s.guessed(g))
		s.endClaim(g, r.Code.ID, false, nil)
		other := s.guess(r, claim)
		require.Equal(s, caches.GuessRight, s.guessed(other))
		s.endClaim(g, r.Code.ID, false, nil)
		require.Equal(s, caches.GuessBusy, s.guessed(s.guess(r)), "only the request that claims may release")
		require.Equal(s, caches.GuessRight, s.guessed(g), "a repeat gets the first result")
		require.Equal(s, caches.GuessBusy, s.guessed(s.guess(r)))
	}},
	{"after a claim has expired the next one is unresolved", func(s *scene) {
		r := s.send()
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, claim)))
		s.Advance(10 * time.Second)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
		g := s.guess(r, claim)
		require.Equal(s, caches.GuessResult{Outcome: caches.GuessUnresolved, CodeID: r.Code.ID}, s.doGuess(g))
		require.Equal(s, caches.GuessUnresolved, s.guessed(s.guess(r, consume)))
		g.Cleared = r.Code.ID
		require.Equal(s, caches.GuessRight, s.guessed(g))
		require.Equal(s, caches.GuessBusy, s.guessed(s.guess(r)))
	}},
	{"a used code is removed although another request claims it", func(s *scene) {
		r := s.send()
		first := s.guess(r, claim)
		require.Equal(s, caches.GuessRight, s.guessed(first))
		s.Advance(10 * time.Second)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, claim, func(g *caches.Guess) { g.Cleared = r.Code.ID })))
		s.endClaim(first, r.Code.ID, true, nil)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
	}},
	{"a used claim keeps the token although the code is gone", func(s *scene) {
		r := s.send()
		g := s.guess(r, claim)
		require.Equal(s, caches.GuessRight, s.guessed(g))
		s.Advance(6 * time.Minute)
		s.endClaim(g, r.Code.ID, true, &caches.Issue{Hash: "h", Value: []byte("v"), TTL: time.Minute})
		require.Equal(s, caches.TokenValid, s.read("h").Outcome)
	}},
	{"using a pending code removes the live one", func(s *scene) {
		live := s.send()
		s.Advance(45 * time.Second)
		pending := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(pending).Outcome)
		g := s.guess(pending, claim)
		require.Equal(s, caches.GuessRight, s.guessed(g))
		s.endClaim(g, pending.Code.ID, true, nil)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(live)))
	}},
}
