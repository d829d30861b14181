package otpstate

import (
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// recordName returns the name of an idempotency record.
func recordName(key string) Name { return Name{Kind: KindRecord, Key: key} }

// begin is caches.Store's Begin.
func (s *Step) begin(b *caches.Begin, _ string) caches.BeginResult {
	name := recordName(b.Key)
	leaseEnds := s.Now + Millis(b.Lease)
	if r := load[Record](s, name); r != nil && r.Expires > s.Now {
		switch {
		case r.Fingerprint != b.Fingerprint:
			return caches.BeginResult{Outcome: caches.BeginMismatch}
		case r.Answered:
			return caches.BeginResult{Outcome: caches.BeginDone, Answer: copied(r.Answer)}
		case r.Owner == b.Owner:
			r.LeaseEnds, r.Expires = leaseEnds, max(r.Expires, leaseEnds)
			s.Keep(name, r, r.Expires)
			return caches.BeginResult{Outcome: caches.BeginStarted}
		case r.LeaseEnds > s.Now:
			return caches.BeginResult{Outcome: caches.BeginBusy}
		}
	}
	r := &Record{
		Owner: b.Owner, Fingerprint: b.Fingerprint, LeaseEnds: leaseEnds,
		Expires: s.Now + Millis(max(b.TTL, b.Lease)),
	}
	s.Keep(name, r, r.Expires)
	return caches.BeginResult{Outcome: caches.BeginStarted}
}

// finish is caches.Store's Finish. An attempt whose request another one took over
// finishes nothing.
func (s *Step) finish(key, owner string, answer []byte, ttl time.Duration) {
	name := recordName(key)
	r := load[Record](s, name)
	if r == nil || r.Owner != owner {
		return
	}
	if answer == nil {
		s.Keep(name, r, 0)
		return
	}
	r.Answered, r.Answer, r.Expires = true, copied(answer), s.Now+Millis(ttl)
	s.Keep(name, r, r.Expires)
}
