package otpstate

import (
	"slices"

	"github.com/lintel-run/lintel/elements/caches"
)

// The letters that tell the requests of one id apart by operation.
const (
	reserved = "R"
	guessed  = "G"
	ended    = "E"
)

// Reserve is caches.Store's Reserve. The state changed when the answer is OK;
// when it is Wrong, the proof's mark was set.
func (s *State) Reserve(now int64, r *caches.Reserve, shared Counters) caches.ReserveResult {
	s.settle(now)
	if known := s.remembered(reserved + r.Request); known != nil {
		return caches.ReserveResult{Outcome: caches.Reserved, CodeID: known.Code}
	}
	if left := s.Cooldown.Until - now; left > 0 {
		return caches.ReserveResult{Outcome: caches.Cooldown, RetryAfter: span(left)}
	}
	if verdict := prove(now, r, shared); verdict != caches.Reserved {
		return caches.ReserveResult{Outcome: verdict}
	}
	if answer := s.limits(now, r); answer.Outcome != caches.Reserved {
		return answer
	}
	for i, limit := range r.Shared {
		if limit.Window.Max <= 0 {
			continue
		}
		per := Millis(limit.Window.Per)
		at, full := shared.Nth(limit.Key, per, limit.Window.Max)
		if left := wait(now, at, per); full && left > 0 {
			return limited(caches.LimitShared, i, left)
		}
	}
	s.reserve(now, r, shared)
	return caches.ReserveResult{Outcome: caches.Reserved, CodeID: r.Code.ID}
}

// limits checks how much the identity itself may send, in the order of the
// contract.
func (s *State) limits(now int64, r *caches.Reserve) caches.ReserveResult {
	for i, w := range r.Sends {
		if left := s.Sends[r.Bucket].wait(now, w); left > 0 {
			return limited(caches.LimitSends, i, left)
		}
	}
	if left := s.Refusals.wait(now, r.Refusals); left > 0 {
		return limited(caches.LimitRefusals, 0, left)
	}
	if left := s.Guesses[r.Guesser].wait(now, r.Guesses); left > 0 {
		return limited(caches.LimitGuesses, 0, left)
	}
	return caches.ReserveResult{Outcome: caches.Reserved}
}

func limited(limit caches.Limit, index int, left int64) caches.ReserveResult {
	return caches.ReserveResult{Outcome: caches.LimitReached, Limit: limit, Index: index, RetryAfter: span(left)}
}

func (s *State) reserve(now int64, r *caches.Reserve, shared Counters) {
	if pause := Millis(r.Interval); pause > 0 {
		s.Cooldown = Cooldown{Until: now + pause, Code: r.Code.ID}
	}
	add(&s.Sends, r.Bucket, longest(r.Sends...), now)
	for _, limit := range r.Shared {
		if limit.Window.Max > 0 {
			shared.Add(limit.Key, Millis(limit.Window.Per), now)
		}
	}
	if r.Captcha.Given && r.Captcha.UseKey != "" {
		shared.Mark(r.Captcha.UseKey, r.Request, now+Millis(r.Captcha.UseTTL))
	}
	s.watch(now, r, shared)
	codes := s.codes(r.Holder)
	if codes.Pending != nil {
		// What became of the one before isn't known: it may have been delivered, so
		// it takes the place of the live one.
		codes.Live = codes.Pending
	}
	codes.Pending = &Code{
		ID: r.Code.ID, MAC: r.Code.MAC, Purposes: slices.Clone(r.Code.Purposes), Decoy: r.Code.Decoy,
		Expires: now + Millis(r.TTL),
	}
	if s.Holders == nil {
		s.Holders = make(map[string]*Codes)
	}
	s.Holders[r.Holder] = codes
	s.remember(now, Request{ID: reserved + r.Request, Code: r.Code.ID, At: now, Shared: now})
}

// Commit is caches.Store's Commit. It reports whether the state changed.
func (s *State) Commit(now int64, e *caches.Reservation) bool {
	s.settle(now)
	r := s.open(e)
	if r == nil {
		return false
	}
	s.At = now
	r.Committed = true
	if c := s.Holders[e.Holder]; c != nil && c.Pending != nil && c.Pending.ID == e.CodeID {
		c.Live, c.Pending = c.Pending, nil
	}
	return true
}

// Rollback is caches.Store's Rollback. It reports whether the state changed.
func (s *State) Rollback(now int64, e *caches.Reservation, refusals caches.Window, shared Counters) bool {
	s.settle(now)
	r := s.open(e)
	if r == nil {
		return false
	}
	s.At = now
	s.unwatch(e.CodeID, shared)
	s.drop(e.Holder, e.CodeID)
	if s.Cooldown.Code == e.CodeID {
		s.Cooldown = Cooldown{}
	}
	if sends := s.Sends[e.Bucket]; sends != nil {
		sends.Remove(r.At)
	}
	for _, limit := range e.Shared {
		if limit.Window.Max > 0 {
			shared.Remove(limit.Key, Millis(limit.Window.Per), r.Shared)
		}
	}
	if per := longest(refusals); per > 0 {
		s.Refusals.Add(per, now)
	}
	s.forget(reserved + e.Request)
	return true
}

// open returns a reservation that is neither committed nor rolled back.
func (s *State) open(e *caches.Reservation) *Request {
	r := s.remembered(reserved + e.Request)
	if r == nil || r.Committed || r.Code != e.CodeID {
		return nil
	}
	return r
}

// Undo takes back a reservation whose call returned an error, as if it had never
// been made. It reports whether the state changed.
func (s *State) Undo(now int64, u *caches.Reserve, shared Counters) bool {
	made := caches.Reservation{
		Request: u.Request, Key: u.Key, Holder: u.Holder, Bucket: u.Bucket, CodeID: u.Code.ID, Shared: u.Shared,
	}
	if !s.Rollback(now, &made, caches.Window{}, shared) {
		return false
	}
	if key := u.Captcha.UseKey; u.Captcha.Given && key != "" && shared.Marked(key) == u.Request {
		shared.Mark(key, "", now)
	}
	return true
}
