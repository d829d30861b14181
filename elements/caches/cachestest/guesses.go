package cachestest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// guessLimit adds a shared limit of the scene to a guess.
func (s *scene) guessLimit(maximum int) func(*caches.Guess) {
	return func(g *caches.Guess) {
		g.Shared = []caches.SharedLimit{{Key: s.key + "-ip", Window: caches.Window{Max: maximum, Per: time.Hour}}}
	}
}

var guesses = []rule{
	{"a guess is right by MAC and purpose, and gets the code's ID", func(s *scene) {
		r := s.send()
		got := s.doGuess(s.guess(r))
		require.Equal(s, caches.GuessResult{Outcome: caches.GuessRight, CodeID: r.Code.ID}, got)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, func(g *caches.Guess) { g.Purpose = "bind" })))
	}},
	{"keeping leaves the code, consuming takes it", func(s *scene) {
		r := s.send()
		for range 8 {
			require.Equal(s, caches.GuessRight, s.guessed(s.guess(r)))
		}
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, consume)))
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
	}},
	{"a repeat of a guess gets the first result", func(s *scene) {
		r := s.send()
		miss := s.guess(r, wrong)
		for range 20 {
			require.Equal(s, caches.GuessWrong, s.guessed(miss))
		}
		hit := s.guess(r, consume)
		for range 3 {
			require.Equal(s, caches.GuessResult{Outcome: caches.GuessRight, CodeID: r.Code.ID}, s.doGuess(hit))
		}
	}},
	{"past its attempts a code is locked, also for the right guess, until the next code", func(s *scene) {
		r := s.send()
		for range 5 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
		}
		got := s.doGuess(s.guess(r))
		require.Equal(s, caches.GuessLocked, got.Outcome)
		require.Equal(s, 5*time.Minute, got.RetryAfter)
		s.Advance(45 * time.Second)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(s.send())))
	}},
	{"attempts are counted for each budget", func(s *scene) {
		r := s.send()
		for range 5 {
			s.guessed(s.guess(r, wrong))
		}
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, func(g *caches.Guess) { g.Budget = "device" })))
	}},
	{"the limit of wrong guesses covers all codes, and sends", func(s *scene) {
		for range 2 {
			r := s.send()
			for range 5 {
				require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
			}
			s.Advance(45 * time.Second)
		}
		got := s.doReserve(s.reserve())
		require.Equal(s, caches.LimitGuesses, got.Limit)
		require.Equal(s, time.Hour-90*time.Second, got.RetryAfter)
		other := s.send(func(r *caches.Reserve) { r.Budget = "device" })
		locked := s.doGuess(s.guess(other, func(g *caches.Guess) { g.Budget = "" }))
		require.Equal(s, caches.GuessLocked, locked.Outcome)
		require.Equal(s, time.Hour-90*time.Second, locked.RetryAfter)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(other)))
		s.Advance(10 * time.Minute)
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(other, func(g *caches.Guess) { g.Budget = "" })), "also when no code is alive")
	}},
	{"neither a right guess nor a new code clears the wrong guesses", func(s *scene) {
		for range 3 {
			r := s.send()
			for range 3 {
				s.guessed(s.guess(r, wrong))
			}
			require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, consume)))
			s.Advance(45 * time.Second)
		}
		r := s.send()
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r)))
	}},
	{"without a code alive a guess is wrong and not counted", func(s *scene) {
		r := s.reserve()
		for range 30 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
		}
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(s.send())))
	}},
	{"a shared limit counts the wrong guesses of many identities", func(s *scene) {
		limit := s.guessLimit(3)
		for range 3 {
			o := s.stranger()
			require.Equal(s, caches.GuessWrong, o.guessed(o.guess(o.send(), wrong, limit)))
			s.Advance(time.Minute)
		}
		r := s.send()
		for _, g := range []caches.Guess{s.guess(r, limit), s.guess(r, wrong, limit), s.guess(r, limit, func(g *caches.Guess) { g.Holder = "none" })} {
			require.Equal(s, caches.GuessResult{Outcome: caches.GuessLocked, RetryAfter: 57 * time.Minute}, s.doGuess(g))
		}
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, limit, s.guessLimit(4))), "each request judges by its own figure")
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r)))
		s.Advance(57 * time.Minute)
		r = s.send()
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong, limit)))
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r, wrong, limit)))
	}},
	{"only a wrong guess that was compared takes a shared limit", func(s *scene) {
		limit := s.guessLimit(1)
		r := s.send()
		for range 3 {
			none := s.stranger()
			require.Equal(s, caches.GuessWrong, none.guessed(none.guess(none.reserve(), wrong, limit)), "no code is alive")
			require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, limit)))
			require.Equal(s, caches.GuessMisfit, s.guessed(s.guess(r, limit, func(g *caches.Guess) { g.Length = 7 })))
		}
		claimed := s.guess(r, claim, limit)
		require.Equal(s, caches.GuessRight, s.guessed(claimed))
		require.Equal(s, caches.GuessBusy, s.guessed(s.guess(r, wrong, limit)))
		s.endClaim(claimed, r.Code.ID, false, nil)
		for range 5 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
		}
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r, limit)), "past its attempts")
		o := s.stranger()
		sent := o.send()
		miss := o.guess(sent, wrong, limit)
		for range 3 {
			require.Equal(s, caches.GuessWrong, o.guessed(miss), "a repeat counts once")
		}
		require.Equal(s, caches.GuessLocked, o.guessed(o.guess(sent, wrong, limit)))
		require.Equal(s, caches.GuessWrong, o.guessed(miss), "a repeat gets the first result")
		require.Equal(s, caches.GuessMisfit, o.guessed(o.guess(sent, limit, func(g *caches.Guess) { g.Length = 7 })), "the length is checked before")
	}},
	{"one guess is one comparison with the live and the pending code", func(s *scene) {
		live := s.send()
		s.Advance(45 * time.Second)
		pending := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(pending).Outcome)
		for range 5 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(live, wrong)))
		}
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(live)))
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(pending)))
	}},
	{"a code past its attempts isn't compared while the other is", func(s *scene) {
		live := s.send()
		for range 5 {
			s.guessed(s.guess(live, wrong))
		}
		s.Advance(45 * time.Second)
		pending := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(pending).Outcome)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(live)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(pending)))
	}},
	{"consuming the live code leaves the pending one", func(s *scene) {
		live := s.send()
		s.Advance(45 * time.Second)
		pending := s.reserve()
		s.doReserve(pending)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(live, consume)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(pending)))
	}},
	{"consuming the pending code removes the live one", func(s *scene) {
		live := s.send()
		s.Advance(45 * time.Second)
		pending := s.reserve()
		s.doReserve(pending)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(pending, consume)))
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(live)))
		s.commit(pending)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(pending)))
	}},
	{"a decoy is never right and locks like a code", func(s *scene) {
		r := s.send(func(r *caches.Reserve) { r.Code.Decoy = true })
		for range 5 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
		}
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r)))
		require.Equal(s, caches.Cooldown, s.doReserve(s.reserve()).Outcome)
	}},
	{"consuming issues the token", func(s *scene) {
		r := s.send()
		token := &caches.Issue{Hash: "h", Value: []byte("v\x00\xff"), TTL: time.Minute}
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, consume, wrong, func(g *caches.Guess) { g.Issue = token })))
		require.Equal(s, caches.TokenGone, s.read("h").Outcome)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, consume, func(g *caches.Guess) { g.Issue = token })))
		require.Equal(s, caches.TokenResult{Outcome: caches.TokenValid, Value: token.Value}, s.read("h"))
	}},
}
