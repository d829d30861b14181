package cachestest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// long makes a send's code eight characters long.
func long(r *caches.Reserve) { r.Code.Length = 8 }

// guessing changes the length of a guess, and that of new codes.
func guessing(length, fresh int) func(*caches.Guess) {
	return func(g *caches.Guess) { g.Length, g.FreshLength = length, fresh }
}

var lengths = []rule{
	{"a code is compared with guesses of its own length, whatever new codes have", func(s *scene) {
		r := s.send(long)
		for _, fresh := range []int{6, 8, 10} {
			for range 20 {
				require.Equal(s, caches.GuessResult{Outcome: caches.GuessMisfit}, s.doGuess(s.guess(r, guessing(6, fresh))))
			}
			require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, guessing(8, fresh))), "a misfit is no guess")
		}
	}},
	{"where no code is alive, the length of new codes counts", func(s *scene) {
		r := s.send(long)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, consume)))
		require.Equal(s, caches.GuessMisfit, s.guessed(s.guess(r, guessing(8, 6))))
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, guessing(6, 6))))
	}},
	{"with a live and a pending code either length does, and the other code isn't compared", func(s *scene) {
		live := s.send(long)
		s.Advance(45 * time.Second)
		pending := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(pending).Outcome)
		require.Equal(s, caches.GuessMisfit, s.guessed(s.guess(live, guessing(7, 7))))
		for range 5 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(pending, wrong)))
		}
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(pending)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(live)))
	}},
	{"the length is checked before a lock", func(s *scene) {
		r := s.send()
		for range 5 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
		}
		require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r)))
		require.Equal(s, caches.GuessMisfit, s.guessed(s.guess(r, guessing(7, 6))))
	}},
	{"a decoy has a length too", func(s *scene) {
		r := s.send(long, func(r *caches.Reserve) { r.Code.Decoy = true })
		require.Equal(s, caches.GuessMisfit, s.guessed(s.guess(r, guessing(6, 6))))
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
	}},
	{"a code without a length has that of new ones", func(s *scene) {
		r := s.send(func(r *caches.Reserve) { r.Code.Length = 0 })
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, guessing(6, 6))))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r, guessing(8, 8))))
		require.Equal(s, caches.GuessMisfit, s.guessed(s.guess(r, guessing(6, 8))))
	}},
}
