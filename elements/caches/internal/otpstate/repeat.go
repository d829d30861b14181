package otpstate

import (
	"bytes"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// Repeat is what is kept of a repeatable request. The zero Repeat is one never
// seen.
type Repeat struct {
	Owner       string
	Fingerprint string
	LeaseEnds   int64
	Answered    bool
	Answer      []byte
	Expires     int64
}

// Begin is caches.Store's Begin.
func (r *Repeat) Begin(now int64, b *caches.Begin) (answer caches.BeginResult, changed bool) {
	if r.Expires > now {
		switch {
		case r.Fingerprint != b.Fingerprint:
			return caches.BeginResult{Outcome: caches.BeginMismatch}, false
		case r.Answered:
			return caches.BeginResult{Outcome: caches.BeginDone, Answer: bytes.Clone(r.Answer)}, false
		case r.Owner == b.Owner:
			r.LeaseEnds = now + Millis(b.Lease)
			r.Expires = max(r.Expires, r.LeaseEnds)
			return caches.BeginResult{Outcome: caches.BeginStarted}, true
		case r.LeaseEnds > now:
			return caches.BeginResult{Outcome: caches.BeginBusy}, false
		}
	}
	*r = Repeat{
		Owner: b.Owner, Fingerprint: b.Fingerprint, LeaseEnds: now + Millis(b.Lease),
		Expires: now + Millis(max(b.TTL, b.Lease)),
	}
	return caches.BeginResult{Outcome: caches.BeginStarted}, true
}

// Finish is caches.Store's Finish. An attempt that was taken over finishes nothing.
func (r *Repeat) Finish(now int64, owner string, answer []byte, ttl time.Duration) (changed bool) {
	if r.Expires <= now || r.Owner != owner {
		return false
	}
	if answer == nil {
		*r = Repeat{}
		return true
	}
	r.Answered, r.Answer, r.Expires = true, bytes.Clone(answer), now+Millis(ttl)
	return true
}
