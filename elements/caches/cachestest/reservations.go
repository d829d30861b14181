package cachestest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

var reservations = []rule{
	{"the cooldown covers all holders and budgets, is exact, and ends", func(s *scene) {
		s.send()
		again := s.reserve(func(r *caches.Reserve) { r.Holder, r.Budget = "u", "b" })
		got := s.doReserve(again)
		require.Equal(s, caches.Cooldown, got.Outcome)
		require.Equal(s, 45*time.Second, got.RetryAfter)
		s.Advance(44 * time.Second)
		require.Equal(s, caches.Cooldown, s.doReserve(again).Outcome)
		s.Advance(time.Second)
		require.Equal(s, caches.Reserved, s.doReserve(again).Outcome)
	}},
	{"a repeat gets the first result and takes nothing", func(s *scene) {
		r := s.reserve()
		for range 20 {
			require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
		}
		s.commit(r)
		require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
		s.Advance(45 * time.Second)
		for range 4 {
			s.send()
			s.Advance(45 * time.Second)
		}
		require.Equal(s, caches.LimitSends, s.doReserve(s.reserve()).Limit)
	}},
	{"a repeat with another code gets the reserved one", func(s *scene) {
		first := s.reserve()
		require.Equal(s, first.Code.ID, s.doReserve(first).CodeID)
		again := first
		again.Code.ID, again.Code.MAC = first.Code.ID+"2", "another"
		require.Equal(s, caches.ReserveResult{Outcome: caches.Reserved, CodeID: first.Code.ID}, s.doReserve(again))
		s.commit(first)
		require.Equal(s, caches.ReserveResult{Outcome: caches.Reserved, CodeID: first.Code.ID}, s.doReserve(again))
	}},
	{"a request that was rolled back may reserve again", func(s *scene) {
		first := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(first).Outcome)
		s.rollback(first)
		again := first
		again.Code.ID = first.Code.ID + "2"
		require.Equal(s, caches.ReserveResult{Outcome: caches.Reserved, CodeID: again.Code.ID}, s.doReserve(again))
		s.rollback(first)
		require.Equal(s, caches.Cooldown, s.doReserve(s.reserve()).Outcome, "a late rollback of the first is not the second's")
	}},
	{"repeats get the first result for ten minutes", func(s *scene) {
		r := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
		s.Advance(599 * time.Second)
		require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
		s.Advance(time.Second)
		r.Interval = time.Hour
		require.Equal(s, caches.Cooldown, s.doReserve(r).Outcome)
	}},
	{"sends are counted in every window of a budget, and the index names the window", func(s *scene) {
		window := func(r *caches.Reserve) {
			r.Sends = []caches.Window{{Max: 9, Per: time.Hour}, {Max: 2, Per: 10 * time.Minute}}
		}
		s.send(window)
		s.Advance(5 * time.Minute)
		s.send(window)
		s.Advance(4 * time.Minute)
		got := s.doReserve(s.reserve(window))
		require.Equal(s, caches.LimitReached, got.Outcome)
		require.Equal(s, caches.LimitSends, got.Limit)
		require.Equal(s, 1, got.Index)
		require.Equal(s, time.Minute, got.RetryAfter)
		s.Advance(time.Minute)
		s.send(window)
		s.Advance(time.Minute)
		require.Equal(s, caches.LimitReached, s.doReserve(s.reserve(window)).Outcome)
		require.Equal(s, caches.Reserved, s.doReserve(s.reserve(window, func(r *caches.Reserve) { r.Budget = "other" })).Outcome)
	}},
	{"a maximum of 0 is no limit", func(s *scene) {
		for range 12 {
			s.send(func(r *caches.Reserve) { r.Sends, r.Interval = []caches.Window{{Per: time.Hour}}, 0 })
		}
	}},
	{"a rollback undoes the send and counts the refusal; the old code still works", func(s *scene) {
		old := s.send()
		s.Advance(45 * time.Second)
		r := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
		s.rollback(r)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(old)))
		for range 9 {
			r := s.reserve()
			require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
			s.rollback(r)
			s.rollback(r)
		}
		got := s.doReserve(s.reserve())
		require.Equal(s, caches.LimitRefusals, got.Limit)
		require.Equal(s, time.Hour, got.RetryAfter)
		require.Equal(s, caches.Reserved, s.reserved(func(r *caches.Reserve) { r.Budget = "other" }), "each budget has its refusals")
	}},
	{"a rollback may keep the cooldown, whatever follows", func(s *scene) {
		first := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(first).Outcome)
		s.refuse(first, caches.Refusal{Count: first.Refusals, KeepCooldown: true})
		require.Equal(s, caches.ReserveResult{Outcome: caches.Cooldown, RetryAfter: 45 * time.Second},
			s.doReserve(s.reserve(func(r *caches.Reserve) { r.Budget = "other" })))
		s.Advance(45 * time.Second)
		second := s.reserve(func(r *caches.Reserve) { r.Budget = "other" })
		require.Equal(s, caches.Reserved, s.doReserve(second).Outcome)
		s.rollback(second)
		require.Equal(s, caches.Cooldown, s.reserved(func(r *caches.Reserve) { r.Interval = time.Minute }))
		for range 5 {
			s.send()
			s.Advance(45 * time.Second)
		}
		require.Equal(s, caches.LimitSends, s.doReserve(s.reserve()).Limit, "the send was given back")
	}},
	{"a rollback gives back the shared limits that it names", func(s *scene) {
		limit := func(r *caches.Reserve) { r.Shared = s.shared(2) }
		for range 3 {
			r := s.reserve(limit)
			require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
			back := reservation(r)
			back.Shared = r.Shared[1:]
			require.NoError(s, s.Store.Rollback(s.ctx, back, caches.Refusal{}))
		}
		full := func(r *caches.Reserve) { r.Shared = s.shared(2); r.Shared[0].Window.Max = 3 }
		got := s.doReserve(s.reserve(full))
		require.Equal(s, caches.ReserveResult{Outcome: caches.LimitReached, Limit: caches.LimitShared, RetryAfter: time.Hour}, got)
	}},
	{"each request judges earlier sends by its own interval", func(s *scene) {
		every := func(interval time.Duration) func(*caches.Reserve) {
			return func(r *caches.Reserve) { r.Interval = interval }
		}
		s.send(every(time.Second))
		s.Advance(10 * time.Second)
		require.Equal(s, caches.ReserveResult{Outcome: caches.Cooldown, RetryAfter: 35 * time.Second}, s.doReserve(s.reserve()))
		refused := s.reserve(every(time.Second))
		require.Equal(s, caches.Reserved, s.doReserve(refused).Outcome)
		s.rollback(refused)
		require.Equal(s, caches.ReserveResult{Outcome: caches.Cooldown, RetryAfter: 35 * time.Second}, s.doReserve(s.reserve()), "since the send before")
		s.Advance(35 * time.Second)
		s.send()
		s.Advance(time.Second)
		require.Equal(s, caches.Reserved, s.reserved(every(time.Second)), "a longer interval of before doesn't count")
	}},
	{"each request judges earlier sends by its own limits, however short those of others are", func(s *scene) {
		narrow := func(r *caches.Reserve) {
			r.Interval, r.Sends = 0, []caches.Window{{Max: 1, Per: time.Minute}}
			r.Refusals, r.Guesses = caches.Window{Max: 1, Per: time.Minute}, caches.Window{Max: 1, Per: time.Minute}
		}
		wide := func(r *caches.Reserve) { r.Interval, r.Sends = 0, []caches.Window{{Max: 4, Per: time.Hour}} }
		s.send(wide)
		s.Advance(2 * time.Minute)
		s.send(narrow)
		s.Advance(2 * time.Minute)
		s.send(narrow)
		s.send(wide)
		require.Equal(s, caches.ReserveResult{Outcome: caches.LimitReached, Limit: caches.LimitSends, RetryAfter: 56 * time.Minute}, s.doReserve(s.reserve(wide)))
	}},
	{"a committed code replaces the old one", func(s *scene) {
		old := s.send()
		s.Advance(45 * time.Second)
		r := s.send()
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(old)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r)))
	}},
	{"with an unknown outcome both codes work and the cooldown stays", func(s *scene) {
		old := s.send()
		s.Advance(45 * time.Second)
		r := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(old)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r)))
		require.Equal(s, caches.Cooldown, s.doReserve(s.reserve()).Outcome)
	}},
	{"a pending code replaces the live one when the next is reserved", func(s *scene) {
		first := s.send()
		s.Advance(45 * time.Second)
		second := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(second).Outcome)
		s.Advance(45 * time.Second)
		third := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(third).Outcome)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(first)))
		s.rollback(third)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(second)))
	}},
	{"a late rollback leaves the next send's cooldown alone", func(s *scene) {
		first := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(first).Outcome)
		s.Advance(45 * time.Second)
		second := s.reserve()
		require.Equal(s, caches.Reserved, s.doReserve(second).Outcome)
		s.rollback(first)
		require.Equal(s, caches.Cooldown, s.doReserve(s.reserve()).Outcome)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(first)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(second)))
	}},
	{"ending a reservation that is gone is no error", func(s *scene) {
		s.commit(s.reserve())
		s.rollback(s.reserve())
	}},
	{"a code lives for its TTL from the reservation", func(s *scene) {
		r := s.send()
		s.Advance(299 * time.Second)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r)))
		s.Advance(time.Second)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
	}},
	{"a clock that goes back prolongs no cooldown and no code", func(s *scene) {
		r := s.send()
		s.Advance(-30 * time.Minute)
		defer s.Advance(30 * time.Minute)
		got := s.doReserve(s.reserve())
		require.Equal(s, caches.Cooldown, got.Outcome)
		require.Equal(s, 45*time.Second, got.RetryAfter)
		s.Advance(45 * time.Second)
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(r)))
		require.Equal(s, caches.Reserved, s.doReserve(s.reserve()).Outcome)
		s.Advance(255 * time.Second)
		require.Equal(s, caches.GuessWrong, s.guessed(s.guess(r)))
	}},
	{"the first check that fails is the result", func(s *scene) {
		all := func(r *caches.Reserve) {
			r.Sends = []caches.Window{{Max: 1, Per: time.Hour}}
			r.Shared = s.shared(1)
		}
		first := s.send(all)
		require.Equal(s, caches.Cooldown, s.doReserve(s.reserve(all)).Outcome)
		s.Advance(45 * time.Second)
		require.Equal(s, caches.LimitSends, s.doReserve(s.reserve(all)).Limit)
		require.Equal(s, caches.LimitShared, s.doReserve(s.reserve(func(r *caches.Reserve) { r.Shared = s.shared(1) })).Limit)
		for range 2 {
			require.Equal(s, caches.GuessWrong, s.guessed(s.guess(first, wrong)))
		}
		guessed := func(r *caches.Reserve) { r.Guesses = caches.Window{Max: 2, Per: time.Hour} }
		require.Equal(s, caches.LimitGuesses, s.doReserve(s.reserve(guessed, func(r *caches.Reserve) { r.Shared = s.shared(1) })).Limit)
		require.Equal(s, caches.LimitSends, s.doReserve(s.reserve(all, guessed)).Limit)
	}},
	{"a reservation that fails takes nothing of the shared limits", func(s *scene) {
		limit := func(r *caches.Reserve) { r.Shared = s.shared(2) }
		s.send(limit)
		for range 5 {
			require.Equal(s, caches.Cooldown, s.doReserve(s.reserve(limit)).Outcome)
		}
		s.Advance(45 * time.Second)
		s.send(limit)
		s.Advance(45 * time.Second)
		got := s.doReserve(s.reserve(limit))
		require.Equal(s, caches.LimitReached, got.Outcome)
		require.Equal(s, caches.LimitShared, got.Limit)
		require.Equal(s, 1, got.Index)
		require.Equal(s, time.Hour-90*time.Second, got.RetryAfter)
	}},
	{"a rollback returns the shared limits, once", func(s *scene) {
		limit := func(r *caches.Reserve) { r.Shared = s.shared(2) }
		s.send(limit)
		s.Advance(45 * time.Second)
		for range 3 {
			r := s.reserve(limit)
			require.Equal(s, caches.Reserved, s.doReserve(r).Outcome)
			s.rollback(r)
			s.rollback(r)
		}
		s.send(limit)
		s.Advance(45 * time.Second)
		require.Equal(s, caches.LimitShared, s.doReserve(s.reserve(limit)).Limit)
	}},
	{"each holder has its own codes", func(s *scene) {
		a := s.send()
		s.Advance(45 * time.Second)
		b := s.send(func(r *caches.Reserve) { r.Holder = "u" })
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(a)))
		require.Equal(s, caches.GuessRight, s.guessed(s.guess(b)))
		crossed := s.guess(a, func(g *caches.Guess) { g.Holder = "u" })
		require.Equal(s, caches.GuessWrong, s.guessed(crossed))
	}},
}

// shared returns a wide limit of an address and a narrow one of the app.
func (s *scene) shared(maximum int) []caches.SharedLimit {
	return []caches.SharedLimit{
		{Key: s.key + "-ip", Window: caches.Window{Max: 100, Per: time.Hour}},
		{Key: s.key + "-app", Window: caches.Window{Max: maximum, Per: time.Hour}},
	}
}
