package otpstate

import (
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

const mostReleased = 8

func tokenName(key, hash string) Name { return Name{Kind: KindToken, Key: key, Part: hash} }

// issueNames returns the name of a token that may be kept; i may be nil.
func issueNames(key string, i *caches.Issue) []Name {
	if i == nil {
		return nil
	}
	return []Name{tokenName(key, i.Hash)}
}

// issue is caches.Store's Issue.
func (s *Step) issue(key string, i *caches.Issue) {
	s.keepToken(tokenName(key, i.Hash), &Token{Value: copied(i.Value), Expires: s.Now + Millis(i.TTL)})
}

func (s *Step) keepToken(n Name, t *Token) { s.Keep(n, t, t.end()) }

// end returns when nothing of the token matters any more.
func (x *Token) end() int64 {
	if x.TakenBy != "" {
		return max(x.Expires, x.LingersUntil)
	}
	return max(x.Expires, x.ClaimEnds)
}

// token is caches.Store's Token. attempt tells this call from others of the same
// request; it is empty if the store never undoes one.
func (s *Step) token(r *caches.TokenRequest, attempt string) caches.TokenResult {
	name := tokenName(r.Key, r.Hash)
	t := load[Token](s, name)
	if t == nil {
		return caches.TokenResult{Outcome: caches.TokenGone}
	}
	outcome, changed := t.answer(s.Now, r, attempt)
	if changed {
		s.keepToken(name, t)
	}
	result := caches.TokenResult{Outcome: outcome}
	if outcome == caches.TokenValid || outcome == caches.TokenUsed {
		result.Value = copied(t.Value)
	}
	return result
}

func (x *Token) answer(now int64, r *caches.TokenRequest, attempt string) (outcome caches.TokenOutcome, changed bool) {
	if x.TakenBy != "" {
		switch {
		case x.TakenBy == r.Request && x.Expires > now:
			changed = x.Attempt != attempt
			x.Attempt = attempt
			return caches.TokenValid, changed
		case x.LingersUntil > now:
			return caches.TokenUsed, false
		}
		return caches.TokenGone, false
	}
	mine := x.Claim == r.Request && x.Claim != ""
	if x.ClaimEnds > now && !mine {
		return caches.TokenBusy, false
	}
	if x.Expires <= now && (!mine || x.ClaimEnds <= now) {
		return caches.TokenGone, false
	}
	switch r.Then {
	case caches.Consume:
		x.take(now, r.Request, attempt, r.Linger)
		return caches.TokenValid, true
	case caches.Claim:
		if mine { // a repeat may go on with it, so no attempt undoes the claim any more
			changed = x.Attempt != "" && x.Attempt != attempt
			if changed {
				x.Attempt = ""
			}
			return caches.TokenValid, changed
		}
		if slices.Contains(x.Released, r.Request) {
			return caches.TokenValid, false
		}
		x.Claim, x.ClaimEnds, x.Attempt = r.Request, now+Millis(r.ClaimFor), attempt
		return caches.TokenValid, true
	case caches.Keep:
	}
	return caches.TokenValid, false
}

// take takes the token. Its request gets it for as long as repeats are answered;
// others learn that it was used, for linger.
func (x *Token) take(now int64, request, attempt string, linger time.Duration) {
	x.TakenBy, x.LingersUntil, x.Attempt = request, now+Millis(linger), attempt
	x.RestoredExpires, x.Expires = x.Expires, now+Millis(Remembered)
	x.Claim, x.ClaimEnds, x.Released = "", 0, nil
}

// restore undoes take.
func (x *Token) restore() {
	x.TakenBy, x.LingersUntil, x.Attempt = "", 0, ""
	x.Expires, x.RestoredExpires = x.RestoredExpires, 0
}

// undoToken undoes a Token that took or claimed a token and whose caller got an error.
func (s *Step) undoToken(r *caches.TokenRequest, attempt string) {
	name := tokenName(r.Key, r.Hash)
	t := load[Token](s, name)
	switch {
	case t == nil || attempt == "" || t.Attempt != attempt:
		return
	case t.TakenBy == r.Request:
		t.restore()
	case t.TakenBy == "" && t.Claim == r.Request:
		t.Claim, t.ClaimEnds, t.Attempt = "", 0, ""
	default:
		return
	}
	s.keepToken(name, t)
}

// endToken is caches.Store's EndToken.
func (s *Step) endToken(e *caches.EndToken, _ string) (_ none) {
	name := tokenName(e.Key, e.Hash)
	if t := load[Token](s, name); t != nil && t.endClaim(s.Now, e) {
		s.keepToken(name, t)
	}
	return
}

func (x *Token) endClaim(now int64, e *caches.EndToken) (changed bool) {
	if x.TakenBy != "" {
		if x.TakenBy != e.Request || e.End != caches.ReturnToken {
			return false
		}
		x.restore()
		return true
	}
	if x.end() <= now {
		return false
	}
	if e.End == caches.UseToken {
		x.take(now, e.Request, "", e.Linger)
		return true
	}
	if x.Claim == "" || x.Claim != e.Request {
		return false
	}
	x.Claim, x.ClaimEnds, x.Attempt = "", 0, ""
	x.Released = appendCapped(x.Released, mostReleased, e.Request)
	return true
}
