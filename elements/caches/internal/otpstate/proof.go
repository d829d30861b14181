package otpstate

import (
	"slices"

	"github.com/lintel-run/lintel/elements/caches"
)

// watches bounds State.Watched; an older send is one that nobody verifies.
const watches = 16

// prove checks a send's proof, or whether it needs one: OK, Unproved, Wrong or
// Used.
func prove(now int64, r *caches.Reserve, shared Counters) caches.ReserveOutcome {
	p := &r.Captcha
	if !p.Given {
		if p.Required || asks(now, r, shared) {
			return caches.CaptchaRequired
		}
		return caches.Reserved
	}
	if p.UseKey == "" {
		return caches.CaptchaWrong
	}
	if by := shared.Marked(p.UseKey); by != "" && by != r.Request {
		return caches.CaptchaUsed
	}
	if !p.Correct {
		shared.Mark(p.UseKey, r.Request, now+Millis(p.UseTTL))
		return caches.CaptchaWrong
	}
	return caches.Reserved
}

// asks says whether a full window or a suspicious crowd asks for a proof.
func asks(now int64, r *caches.Reserve, shared Counters) bool {
	for _, limit := range r.Captcha.RequiredWhenFull {
		if limit.Window.Max <= 0 {
			continue
		}
		per := Millis(limit.Window.Per)
		if at, full := shared.Nth(limit.Key, per, limit.Window.Max); full && wait(now, at, per) > 0 {
			return true
		}
	}
	for _, c := range r.RiskGroups {
		if shared.Crowd(c.Key).suspicious(now, c) {
			return true
		}
	}
	return false
}

// watch counts a send in its crowds and keeps in mind where.
func (s *State) watch(now int64, r *caches.Reserve, shared Counters) {
	if len(r.RiskGroups) == 0 {
		return
	}
	w := Watched{Code: r.Code.ID, At: now, Expires: now + Millis(r.TTL)}
	for _, c := range r.RiskGroups {
		shared.Count(c.Key, now, Millis(c.Per))
		w.Crowds = append(w.Crowds, c.Key)
	}
	if over := len(s.Watched) - watches + 1; over > 0 {
		s.Watched = slices.Delete(s.Watched, 0, over)
	}
	s.Watched = append(s.Watched, w)
}

// unwatch takes a send back from its crowds.
func (s *State) unwatch(code string, shared Counters) {
	if w, ok := s.watched(code); ok {
		for _, key := range w.Crowds {
			shared.Uncount(key, w.At)
		}
	}
}

// verify tells a code's crowds that it was verified, the first time.
func (s *State) verify(code string, shared Counters) bool {
	w, ok := s.watched(code)
	if ok {
		for _, key := range w.Crowds {
			shared.Verify(key, w.At)
		}
	}
	return ok
}

// watched takes a code's entry away.
func (s *State) watched(code string) (w Watched, ok bool) {
	i := slices.IndexFunc(s.Watched, func(w Watched) bool { return w.Code == code })
	if i < 0 {
		return w, false
	}
	w = s.Watched[i]
	s.Watched = slices.Delete(s.Watched, i, i+1)
	return w, true
}
