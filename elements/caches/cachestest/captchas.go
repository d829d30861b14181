package cachestest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// captcha adds a correct captcha, which no other send has, to a send.
func (s *scene) captcha(change ...func(*caches.CaptchaCheck)) func(*caches.Reserve) {
	p := caches.CaptchaCheck{Given: true, Correct: true, UseKey: s.request() + "-mark", UseTTL: 3 * time.Minute}
	for _, c := range change {
		c(&p)
	}
	return func(r *caches.Reserve) { r.Captcha = p }
}

func incorrect(p *caches.CaptchaCheck) { p.Correct = false }

func required(r *caches.Reserve) { r.Captcha.Required = true }

// stranger returns a scene of another identity.
func (s *scene) stranger() *scene {
	return newScene(s.TB, s.Opened)
}

func (s *scene) reserved(change ...func(*caches.Reserve)) caches.ReserveOutcome {
	s.Helper()
	return s.doReserve(s.reserve(change...)).Outcome
}

var captchas = []rule{
	{"a send without a required captcha is refused and takes nothing", func(s *scene) {
		limit := func(r *caches.Reserve) {
			r.Shared = []caches.SharedLimit{{Key: s.key + "ip", Window: caches.Window{Max: 1, Per: time.Hour}}}
		}
		for range 3 {
			require.Equal(s, caches.ReserveResult{Outcome: caches.CaptchaRequired}, s.doReserve(s.reserve(required, limit)))
		}
		require.Equal(s, caches.Reserved, s.reserved(limit))
	}},
	{"a correct captcha is good for one send", func(s *scene) {
		p := s.captcha(func(p *caches.CaptchaCheck) { p.Required = true })
		require.Equal(s, caches.Reserved, s.reserved(p))
		require.Equal(s, caches.ReserveResult{Outcome: caches.CaptchaUsed}, s.doReserve(s.stranger().reserve(p)))
		s.Advance(3*time.Minute - time.Second)
		require.Equal(s, caches.CaptchaUsed, s.stranger().reserved(p))
	}},
	{"a wrong captcha is used up, required or not, and takes nothing else", func(s *scene) {
		p := s.captcha(incorrect)
		r := s.reserve(p)
		require.Equal(s, caches.ReserveResult{Outcome: caches.CaptchaWrong}, s.doReserve(r))
		require.Equal(s, caches.CaptchaWrong, s.doReserve(r).Outcome, "a repeat is answered as the first time")
		require.Equal(s, caches.CaptchaUsed, s.reserved(p))
		require.Equal(s, caches.CaptchaUsed, s.reserved(p, func(r *caches.Reserve) { r.Captcha.Correct = true }))
		require.Equal(s, caches.Reserved, s.reserved())
	}},
	{"a captcha that can't be identified is wrong", func(s *scene) {
		p := s.captcha(func(p *caches.CaptchaCheck) { p.UseKey = "" })
		require.Equal(s, caches.CaptchaWrong, s.reserved(p))
		require.Equal(s, caches.Reserved, s.reserved())
	}},
	{"during the cooldown no captcha is checked", func(s *scene) {
		s.send()
		right, miss := s.captcha(), s.captcha(incorrect)
		require.Equal(s, caches.Cooldown, s.reserved(right))
		require.Equal(s, caches.Cooldown, s.reserved(miss))
		require.Equal(s, caches.Cooldown, s.reserved(required))
		s.Advance(45 * time.Second)
		require.Equal(s, caches.CaptchaWrong, s.reserved(miss))
		require.Equal(s, caches.Reserved, s.reserved(right))
	}},
	{"the captcha is checked before the limits, which don't use it", func(s *scene) {
		for range 5 {
			s.send()
			s.Advance(45 * time.Second)
		}
		right := s.captcha()
		require.Equal(s, caches.CaptchaRequired, s.reserved(required))
		require.Equal(s, caches.CaptchaWrong, s.reserved(s.captcha(incorrect)))
		require.Equal(s, caches.LimitSends, s.doReserve(s.reserve(right)).Limit)
		other := s.stranger()
		full := func(r *caches.Reserve) {
			r.Shared = []caches.SharedLimit{{Key: other.key + "ip", Window: caches.Window{Max: 1, Per: time.Hour}}}
		}
		other.send(full)
		require.Equal(s, caches.LimitShared, other.stranger().doReserve(s.stranger().reserve(right, full)).Limit)
		require.Equal(s, caches.Reserved, s.stranger().reserved(right))
	}},
	{"a full limit requires a captcha, which takes nothing of it", func(s *scene) {
		window := caches.Window{Max: 30, Per: time.Hour}
		counted := func(r *caches.Reserve) {
			r.Shared = []caches.SharedLimit{{Key: s.key + "ip", Window: window}}
			r.Captcha.RequiredWhenFull = []caches.SharedLimit{{Key: s.key + "ip", Window: caches.Window{Max: 3, Per: time.Hour}}}
		}
		for range 3 {
			s.stranger().send(counted)
			s.Advance(time.Minute)
		}
		require.Equal(s, caches.CaptchaRequired, s.stranger().reserved(counted))
		require.Equal(s, caches.Reserved, s.stranger().reserved(s.captcha(), counted, func(r *caches.Reserve) {
			r.Captcha.Given, r.Captcha.Correct, r.Captcha.UseKey, r.Captcha.UseTTL = true, true, s.key+"m", time.Minute
		}))
		s.Advance(58 * time.Minute)
		require.Equal(s, caches.Reserved, s.stranger().reserved(counted), "two are left within the hour")
		require.Equal(s, caches.CaptchaRequired, s.stranger().reserved(counted))
	}},
}

// watched counts a send in a risk group of the scene.
func (s *scene) watched(sends int) func(*caches.Reserve) {
	return func(r *caches.Reserve) {
		r.RiskGroups = []caches.RiskGroup{
			{Key: s.key + "quiet", Per: 10 * time.Minute},
			{Key: s.key + "group", Per: 10 * time.Minute, MinSends: sends, UnverifiedAfter: 2 * time.Minute},
		}
	}
}

// fill makes n sends of a risk group, and verifies the first few.
func (s *scene) fill(n, verified int, then caches.Then) {
	s.Helper()
	for i := range n {
		other := s.stranger()
		r := other.send(s.watched(0))
		if i < verified {
			require.Equal(s, caches.GuessRight, other.guessed(other.guess(r, func(g *caches.Guess) { g.Then = then })))
		}
	}
}

var riskGroups = []rule{
	{"a group is suspicious when most of its older sends are unverified", func(s *scene) {
		s.fill(6, 2, caches.Consume)
		require.Equal(s, caches.Reserved, s.stranger().reserved(s.watched(7)), "too few")
		require.Equal(s, caches.Reserved, s.stranger().reserved(s.watched(6)), "none is old enough")
		s.Advance(2*time.Minute + time.Second)
		require.Equal(s, caches.CaptchaRequired, s.stranger().reserved(s.watched(6)))
		require.Equal(s, caches.Reserved, s.stranger().reserved(s.watched(6), s.captcha()))
	}},
	{"a group with half of them verified is not, whatever verified them", func(s *scene) {
		for _, then := range []caches.Then{caches.Keep, caches.Consume, caches.Claim} {
			o := s.stranger()
			o.fill(6, 3, then)
			s.Advance(2*time.Minute + time.Second)
			require.Equal(s, caches.Reserved, o.stranger().reserved(o.watched(6)))
			for range 3 {
				o.stranger().send(o.watched(0))
			}
			s.Advance(2*time.Minute + time.Second)
			require.Equal(s, caches.CaptchaRequired, o.stranger().reserved(o.watched(6)))
		}
	}},
	{"a code verifies its send once", func(s *scene) {
		s.fill(3, 0, caches.Keep)
		other := s.stranger()
		r := other.send(s.watched(0))
		for range 5 {
			require.Equal(s, caches.GuessRight, other.guessed(other.guess(r)))
		}
		s.Advance(2*time.Minute + time.Second)
		require.Equal(s, caches.CaptchaRequired, s.stranger().reserved(s.watched(4)))
	}},
	{"a send that was rolled back isn't counted", func(s *scene) {
		s.fill(3, 0, caches.Keep)
		other := s.stranger()
		r := other.reserve(s.watched(0))
		require.Equal(s, caches.Reserved, other.doReserve(r).Outcome)
		other.rollback(r)
		s.Advance(2*time.Minute + time.Second)
		require.Equal(s, caches.Reserved, s.stranger().reserved(s.watched(4)))
	}},
	{"sends are counted for their time", func(s *scene) {
		s.fill(4, 0, caches.Keep)
		s.Advance(9*time.Minute + 50*time.Second)
		require.Equal(s, caches.CaptchaRequired, s.stranger().reserved(s.watched(4)))
		s.Advance(11 * time.Second)
		require.Equal(s, caches.Reserved, s.stranger().reserved(s.watched(4)))
	}},
	{"many sends are counted as exactly as few", func(s *scene) {
		for i := range 150 {
			other := s.stranger()
			r := other.send(s.watched(0))
			if i%2 == 0 {
				require.Equal(s, caches.GuessRight, other.guessed(other.guess(r)))
			}
			s.Advance(time.Second)
		}
		s.Advance(2*time.Minute + 11*time.Second)
		require.Equal(s, caches.Reserved, s.stranger().reserved(s.watched(20)))
		s.stranger().send(s.watched(0))
		s.Advance(2*time.Minute + 11*time.Second)
		require.Equal(s, caches.CaptchaRequired, s.stranger().reserved(s.watched(20)))
	}},
}

// raceCaptcha makes many sends with one captcha.
func raceCaptcha(s *scene) {
	p := s.captcha()
	got := atOnce(s, 50, func(store caches.Store, i int) (caches.ReserveOutcome, error) {
		r := (&scene{key: fmt.Sprintf("%s-p%d", s.key, i)}).reserve(p)
		answer, err := store.Reserve(s.ctx, r)
		return answer.Outcome, err
	})
	require.Equal(s, map[caches.ReserveOutcome]int{caches.Reserved: 1, caches.CaptchaUsed: 49}, got)
}

// raceCaptchaAnswers answers one captcha many times, once correctly.
func raceCaptchaAnswers(s *scene) {
	p := s.captcha(incorrect)
	got := atOnce(s, 50, func(store caches.Store, i int) (caches.ReserveOutcome, error) {
		r := (&scene{key: fmt.Sprintf("%s-a%d", s.key, i)}).reserve(p)
		r.Captcha.Correct = i == 25
		answer, err := store.Reserve(s.ctx, r)
		return answer.Outcome, err
	})
	require.Equal(s, 49, got[caches.CaptchaUsed])
	require.Equal(s, 1, got[caches.Reserved]+got[caches.CaptchaWrong])
}

// raceVerified makes and verifies many sends of a risk group.
func raceVerified(s *scene) {
	got := atOnce(s, 40, func(store caches.Store, i int) (bool, error) {
		other := &scene{TB: s.TB, Opened: s.Opened, ctx: s.ctx, key: fmt.Sprintf("%s-v%d", s.key, i)}
		r := other.reserve(s.watched(0))
		answer, err := store.Reserve(s.ctx, r)
		if err != nil || i%2 == 0 {
			return answer.Outcome == caches.Reserved, err
		}
		guessed, err := store.Guess(s.ctx, other.guess(r))
		return guessed.Outcome == caches.GuessRight, err
	})
	require.Equal(s, map[bool]int{true: 40}, got)
	s.Advance(2*time.Minute + time.Second)
	require.Equal(s, caches.Reserved, s.stranger().reserved(s.watched(40)))
	s.stranger().send(s.watched(0))
	s.Advance(2*time.Minute + time.Second)
	require.Equal(s, caches.CaptchaRequired, s.stranger().reserved(s.watched(40)))
}
