package cachestest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// atOnce calls a method n times at once, spread over all stores on the same data, and
// counts the outcomes.
func atOnce[O comparable](s *scene, n int, ask func(store caches.Store, i int) (O, error)) map[O]int {
	s.Helper()
	stores := append([]caches.Store{s.Store}, s.Others...)
	outcomes, errs := make([]O, n), make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			outcomes[i], errs[i] = ask(stores[i%len(stores)], i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	counts := make(map[O]int)
	for i := range n {
		require.NoError(s, errs[i])
		counts[outcomes[i]]++
	}
	return counts
}

func races(t *testing.T, o Opened, opts Options) {
	for _, race := range []struct {
		name string
		run  func(s *scene)
	}{
		{"one of 300 sends at once is reserved", raceReservations},
		{"one of 50 sends at once with one captcha is reserved", raceCaptcha},
		{"one of 50 answers at once to one captcha is checked", raceCaptchaAnswers},
		{"40 sends and verifications at once are all counted", raceVerified},
		{"one of 200 right guesses at once consumes the code", raceRight},
		{"five of 200 wrong guesses at once are compared", raceWrong},
		{"wrong guesses over many codes stop at their limit", raceHourly},
		{"one of 50 claims at once succeeds", raceClaims},
		{"one of 50 uses of a token at once succeeds", raceTokens},
		{"one of 50 begins at once starts", raceBegins},
		{"50 repeats of one request get one result", raceRepeats},
		{"a shared limit admits no more than its maximum", func(s *scene) { raceShared(s, opts) }},
	} {
		t.Run(race.name, func(t *testing.T) {
			for range opts.Rounds {
				race.run(newScene(t, o))
			}
		})
	}
}

func raceReservations(s *scene) {
	got := atOnce(s, 300, func(store caches.Store, i int) (caches.ReserveOutcome, error) {
		a, err := store.Reserve(s.ctx, s.race(i))
		return a.Outcome, err
	})
	require.Equal(s, map[caches.ReserveOutcome]int{caches.Reserved: 1, caches.Cooldown: 299}, got)
}

// race returns the i-th of many reservations at once. It doesn't change the scene.
func (s *scene) race(i int) caches.Reserve {
	r := (&scene{key: s.key}).reserve()
	r.Request = fmt.Sprintf("%s-r%d", s.key, i)
	r.Code.ID = fmt.Sprintf("%s-rc%d", s.key, i)
	return r
}

func (s *scene) guesses(r caches.Reserve, change func(*caches.Guess)) func(caches.Store, int) (caches.GuessOutcome, error) {
	base := s.guess(r, change)
	return func(store caches.Store, i int) (caches.GuessOutcome, error) {
		g := base
		g.Request = fmt.Sprintf("%s-g%d", s.key, i)
		a, err := store.Guess(s.ctx, g)
		return a.Outcome, err
	}
}

func raceRight(s *scene) {
	got := atOnce(s, 200, s.guesses(s.send(), consume))
	require.Equal(s, map[caches.GuessOutcome]int{caches.GuessRight: 1, caches.GuessWrong: 199}, got)
}

func raceWrong(s *scene) {
	r := s.send()
	got := atOnce(s, 200, s.guesses(r, wrong))
	require.Equal(s, map[caches.GuessOutcome]int{caches.GuessWrong: 5, caches.GuessLocked: 195}, got)
	require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r)))
}

func raceHourly(s *scene) {
	compared := 0
	for range 3 {
		r := s.reserve(func(r *caches.Reserve) { r.Interval = 0 })
		if s.doReserve(r).Outcome != caches.Reserved {
			break
		}
		s.commit(r)
		base := s.reqs * 1000
		ask := s.guesses(r, wrong)
		got := atOnce(s, 200, func(store caches.Store, i int) (caches.GuessOutcome, error) { return ask(store, base+i) })
		compared += got[caches.GuessWrong]
	}
	require.Equal(s, 10, compared)
}

func raceClaims(s *scene) {
	r := s.send()
	got := atOnce(s, 50, s.guesses(r, claim))
	require.Equal(s, map[caches.GuessOutcome]int{caches.GuessRight: 1, caches.GuessBusy: 49}, got)
}

func raceTokens(s *scene) {
	s.issue("h", time.Minute)
	got := atOnce(s, 50, func(store caches.Store, i int) (caches.TokenOutcome, error) {
		a, err := store.Token(s.ctx, caches.TokenRequest{
			Request: fmt.Sprintf("%s-t%d", s.key, i), Key: s.key, Hash: "h", Then: caches.Consume, Linger: time.Hour,
		})
		return a.Outcome, err
	})
	require.Equal(s, map[caches.TokenOutcome]int{caches.TokenValid: 1, caches.TokenUsed: 49}, got)
}

func raceBegins(s *scene) {
	got := atOnce(s, 50, func(store caches.Store, i int) (caches.BeginOutcome, error) {
		a, err := store.Begin(s.ctx, caches.Begin{
			Key: s.key, Owner: fmt.Sprintf("o%d", i), Fingerprint: "f", Lease: time.Minute, TTL: time.Hour,
		})
		return a.Outcome, err
	})
	require.Equal(s, map[caches.BeginOutcome]int{caches.BeginStarted: 1, caches.BeginBusy: 49}, got)
}

func raceRepeats(s *scene) {
	r := s.reserve()
	got := atOnce(s, 50, func(store caches.Store, _ int) (caches.ReserveOutcome, error) {
		a, err := store.Reserve(s.ctx, r)
		return a.Outcome, err
	})
	require.Equal(s, map[caches.ReserveOutcome]int{caches.Reserved: 50}, got)
	s.commit(r)
	g := s.guess(r, wrong)
	guesses := atOnce(s, 50, func(store caches.Store, _ int) (caches.GuessOutcome, error) {
		a, err := store.Guess(s.ctx, g)
		return a.Outcome, err
	})
	require.Equal(s, map[caches.GuessOutcome]int{caches.GuessWrong: 50}, guesses)
	for range 4 {
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r, wrong)))
	}
	require.Equal(s, caches.GuessLocked, s.guessed(s.guess(r)))
}

func raceShared(s *scene, opts Options) {
	const limit = 10
	got := atOnce(s, 60, func(store caches.Store, i int) (caches.ReserveOutcome, error) {
		r := s.race(i)
		r.Key = fmt.Sprintf("%s-%d", s.key, i)
		r.Shared = []caches.SharedLimit{{Key: s.key + "-ip", Window: caches.Window{Max: limit, Per: time.Hour}}}
		a, err := store.Reserve(s.ctx, r)
		return a.Outcome, err
	})
	if opts.SeparateLimits {
		require.LessOrEqual(s, got[caches.Reserved], limit)
		require.Equal(s, 60, got[caches.Reserved]+got[caches.LimitReached])
		return
	}
	require.Equal(s, map[caches.ReserveOutcome]int{caches.Reserved: limit, caches.LimitReached: 50}, got)
}
