package otpstate

import (
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// recordName returns the name of an idempotency record.
func recordName(key string) Name { return Name{Kind: KindRecord, Key: key} }

func beginNames(b *caches.Begin) []Name {
	return append(budgetNames(b.Budgets), recordName(b.Key))
}

// begin is caches.Store's Begin.
func (s *Step) begin(b *caches.Begin, _ string) caches.BeginResult {
	name := recordName(b.Key)
	leaseEnds := s.Now + Millis(b.Lease)
	started := caches.BeginResult{Outcome: caches.BeginStarted, TTL: b.TTL}
	r := load[Record](s, name)
	if r != nil && r.Expires > s.Now {
		switch {
		case r.Fingerprint != b.Fingerprint:
			return caches.BeginResult{Outcome: caches.BeginMismatch}
		case r.Answered:
			return caches.BeginResult{Outcome: caches.BeginDone, Answer: copied(r.Answer)}
		case r.Owner != b.Owner && r.LeaseEnds > s.Now:
			return caches.BeginResult{Outcome: caches.BeginBusy}
		case r.Owner == b.Owner:
			r.LeaseEnds, r.Expires = leaseEnds, max(r.Expires, leaseEnds)
			s.Keep(name, r, r.Expires)
			return started
		}
	} else {
		if left := s.left(b.Budgets.Sender); left > 0 {
			return caches.BeginResult{Outcome: caches.BeginSpent, RetryAfter: span(left)}
		}
		if s.left(b.Budgets.All) > 0 {
			started.TTL = min(b.TTL, b.Budgets.SpentTTL)
		}
		s.spend(b.Budgets, 1, started.TTL)
	}
	r = &Record{
		Owner: b.Owner, Fingerprint: b.Fingerprint, LeaseEnds: leaseEnds,
		Expires: s.Now + Millis(max(started.TTL, b.Lease)),
	}
	s.Keep(name, r, r.Expires)
	return started
}

// finish is caches.Store's Finish.
func (s *Step) finish(f *caches.Finish, _ string) (_ none) {
	name := recordName(f.Key)
	r := load[Record](s, name)
	if r == nil || r.Owner != f.Owner {
		return
	}
	if f.Answer == nil {
		s.Keep(name, r, 0)
		return
	}
	if cost := f.Budgets.Cost(f.Answer); cost > 0 && !r.Answered {
		s.spend(f.Budgets, int64(cost), f.TTL)
	}
	r.Answered, r.Answer, r.Expires = true, copied(f.Answer), s.Now+Millis(f.TTL)
	s.Keep(name, r, r.Expires)
	return
}

func budgetName(key string) Name { return Name{Kind: KindBudget, Key: key} }

func budgetNames(b caches.Budgets) (names []Name) {
	for _, limit := range []caches.SharedLimit{b.Sender, b.All} {
		if limit.Window.Max > 0 {
			names = append(names, budgetName(limit.Key))
		}
	}
	return names
}

// left returns how long until a budget isn't spent, 0 if it isn't.
func (s *Step) left(limit caches.SharedLimit) int64 {
	g := load[Group](s, budgetName(limit.Key))
	if limit.Window.Max <= 0 || g == nil {
		return 0
	}
	per, taken := Millis(limit.Window.Per), int64(0)
	for i := len(g.Begins) - 1; i >= 0 && g.Begins[i]+per > s.Now; i-- {
		if taken += g.Sends[i]; taken >= int64(limit.Window.Max) {
			return g.Begins[i] + per - s.Now
		}
	}
	return 0
}

// spend takes n of each budget for what is kept for ttl. What is known of a new sender
// lives no longer.
func (s *Step) spend(b caches.Budgets, n int64, ttl time.Duration) {
	for _, limit := range []caches.SharedLimit{b.Sender, b.All} {
		if limit.Window.Max <= 0 {
			continue
		}
		name := budgetName(limit.Key)
		g, ends := load[Group](s, name), s.Now+Millis(ttl)
		if g == nil {
			g = &Group{}
		} else {
			ends = s.Now + Millis(limit.Window.Per)
		}
		g.count(s.Now, Millis(limit.Window.Per), n)
		s.Keep(name, g, ends)
	}
}
