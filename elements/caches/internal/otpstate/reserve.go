package otpstate

import (
	"slices"

	"github.com/lintel-run/lintel/elements/caches"
)

// reserveNames returns the names under which a Reserve may keep values.
func reserveNames(r *caches.Reserve) []Name {
	names := append(sharedNames(r.Shared), stateName(r.Key))
	for _, g := range r.RiskGroups {
		names = append(names, groupName(g.Key))
	}
	if r.Captcha.UseKey != "" {
		names = append(names, captchaName(r.Captcha.UseKey))
	}
	return names
}

// sharedNames returns the names of the shared limits that may be taken.
func sharedNames(limits []caches.SharedLimit) []Name {
	var names []Name
	for _, limit := range limits {
		if limit.Window.Max > 0 {
			names = append(names, WindowName(limit.Key, Millis(limit.Window.Per)))
		}
	}
	return names
}

// reserve is caches.Store's Reserve.
func (s *Step) reserve(r *caches.Reserve, _ string) caches.ReserveResult {
	state := s.state(r.Key)
	if known := state.remembered(reserved + r.Request); known != nil {
		return caches.ReserveResult{Outcome: caches.Reserved, CodeID: known.Code}
	}
	if left := state.cooldown(s.Now, r.Interval); left > 0 {
		return caches.ReserveResult{Outcome: caches.Cooldown, RetryAfter: span(left)}
	}
	if outcome := s.checkCaptcha(r); outcome != caches.Reserved {
		return caches.ReserveResult{Outcome: outcome}
	}
	if result := s.checkLimits(state, r); result.Outcome != caches.Reserved {
		return result
	}
	s.takeReservation(state, r)
	s.keepState(r.Key, state)
	return caches.ReserveResult{Outcome: caches.Reserved, CodeID: r.Code.ID}
}

func (s *Step) checkLimits(state *State, r *caches.Reserve) caches.ReserveResult {
	for i, w := range r.Sends {
		if left := budget(state.Sends, r.Budget).remaining(s.Now, w); left > 0 {
			return limitReached(caches.LimitSends, i, left)
		}
	}
	if left := budget(state.Refusals, r.Budget).remaining(s.Now, r.Refusals); left > 0 {
		return limitReached(caches.LimitRefusals, 0, left)
	}
	if left := budget(state.Guesses, r.Budget).remaining(s.Now, r.Guesses); left > 0 {
		return limitReached(caches.LimitGuesses, 0, left)
	}
	for i, limit := range r.Shared {
		if left := s.sharedRemaining(limit); left > 0 {
			return limitReached(caches.LimitShared, i, left)
		}
	}
	return caches.ReserveResult{Outcome: caches.Reserved}
}

// sharedRemaining returns how long until a shared limit admits one more.
func (s *Step) sharedRemaining(limit caches.SharedLimit) int64 {
	if limit.Window.Max <= 0 {
		return 0
	}
	per := Millis(limit.Window.Per)
	at, full := s.Nth(limit.Key, per, limit.Window.Max)
	if !full {
		return 0
	}
	return remaining(s.Now, at, per)
}

func (s *Step) takeShared(limits []caches.SharedLimit) {
	for _, limit := range limits {
		if limit.Window.Max > 0 {
			s.Add(limit.Key, Millis(limit.Window.Per), s.Now)
		}
	}
}

func limitReached(limit caches.Limit, index int, left int64) caches.ReserveResult {
	return caches.ReserveResult{Outcome: caches.LimitReached, Limit: limit, Index: index, RetryAfter: span(left)}
}

func (s *Step) takeReservation(state *State, r *caches.Reserve) {
	addTo(&state.Sends, r.Budget, max(longest(r.Sends...), Millis(r.Interval)), s.Now)
	s.takeShared(r.Shared)
	captchaUsed := false
	if c := r.Captcha; c.Given && c.UseKey != "" {
		captchaUsed = s.captchaUser(c.UseKey) == r.Request
		s.useCaptcha(&c, r.Request)
	}
	s.countInGroups(state, r)
	h := state.newHolder(r.Holder)
	if h.Pending != nil {
		// The outcome of the send before is unknown. Its code may have been delivered,
		// so it replaces the live one.
		h.Live = h.Pending
	}
	h.Pending = &Code{
		Id: r.Code.ID, Mac: r.Code.MAC, Length: int64(r.Code.Length), Purposes: slices.Clone(r.Code.Purposes),
		Decoy: r.Code.Decoy, Expires: s.Now + Millis(r.TTL),
	}
	state.remember(s.Now, &Request{Id: reserved + r.Request, Code: r.Code.ID, Made: s.Now, MadeShared: s.Now, CaptchaUsed: captchaUsed})
}

// commit is caches.Store's Commit.
func (s *Step) commit(r *caches.Reservation, _ string) (_ none) {
	state := s.state(r.Key)
	open := state.openReservation(r)
	if open == nil {
		return
	}
	open.Committed = true
	if h := state.holder(r.Holder); h.GetPending() != nil && h.Pending.Id == r.CodeID {
		h.Live, h.Pending = h.Pending, nil
	}
	s.keepState(r.Key, state)
	return
}

// rollback is caches.Store's Rollback. It reports whether there was a reservation.
func (s *Step) rollback(r *caches.Reservation, refused caches.Refusal) bool {
	state := s.state(r.Key)
	open := state.openReservation(r)
	if open == nil {
		return false
	}
	s.uncountInGroups(state, r.CodeID)
	state.drop(r.Holder, r.CodeID)
	if sends := budget(state.Sends, r.Budget); sends != nil {
		sends.remove(open.Made)
		if refused.KeepCooldown && sends.Per+open.Made > state.Throttled.end() {
			state.Throttled = &Times{Per: sends.Per, At: []int64{open.Made}}
		}
	}
	for _, limit := range r.Shared {
		if limit.Window.Max > 0 {
			s.Remove(limit.Key, Millis(limit.Window.Per), open.MadeShared)
		}
	}
	addTo(&state.Refusals, r.Budget, longest(refused.Count), s.Now)
	state.forget(reserved + r.Request)
	s.keepState(r.Key, state)
	return true
}

// openReservation returns a reservation that is neither committed nor rolled back.
func (x *State) openReservation(r *caches.Reservation) *Request {
	known := x.remembered(reserved + r.Request)
	if known == nil || known.Committed || known.Code != r.CodeID {
		return nil
	}
	return known
}

// undoReserve undoes a Reserve whose caller got an error, as if it had never been
// called.
func (s *Step) undoReserve(r *caches.Reserve, _ string) {
	back := &caches.Reservation{
		Request: r.Request, Key: r.Key, Holder: r.Holder, Budget: r.Budget, CodeID: r.Code.ID, Shared: r.Shared,
	}
	open := s.state(r.Key).openReservation(back)
	if !s.rollback(back, caches.Refusal{}) {
		return
	}
	if c := r.Captcha; c.Given && c.UseKey != "" && !open.CaptchaUsed && s.captchaUser(c.UseKey) == r.Request {
		s.Keep(captchaName(c.UseKey), &CaptchaUse{}, 0)
	}
}
