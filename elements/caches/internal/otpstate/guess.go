package otpstate

import (
	"crypto/subtle"
	"slices"

	"github.com/lintel-run/lintel/elements/caches"
)

// guess is caches.Store's Guess. attempt tells this call from others of the same
// request; it is empty if the store never undoes a guess.
func (s *Step) guess(g *caches.Guess, attempt string) caches.GuessResult {
	state := s.state(g.Key)
	if known := state.remembered(guessed + g.Request); known != nil {
		if state.handOver(g.Request, attempt) {
			s.keepState(g.Key, state)
		}
		if known.Code == "" {
			return caches.GuessResult{Outcome: caches.GuessWrong}
		}
		return caches.GuessResult{Outcome: caches.GuessRight, CodeID: known.Code}
	}
	alive := state.holder(g.Holder).codes()
	if !fits(alive, g) {
		return caches.GuessResult{Outcome: caches.GuessMisfit}
	}
	if left := s.guessesRemaining(state, g); left > 0 {
		return caches.GuessResult{Outcome: caches.GuessLocked, RetryAfter: span(left)}
	}
	if len(alive) == 0 {
		return caches.GuessResult{Outcome: caches.GuessWrong}
	}
	for _, c := range alive {
		if left := c.ClaimEnds - s.Now; c.Claim != "" && c.Claim != g.Request && left > 0 {
			return caches.GuessResult{Outcome: caches.GuessBusy, RetryAfter: span(left)}
		}
	}
	compared, locked := split(alive, g)
	if len(compared) == 0 {
		return caches.GuessResult{Outcome: caches.GuessLocked, RetryAfter: span(locked - s.Now)}
	}
	for _, c := range compared {
		if c.matches(g) {
			return s.right(state, g, attempt, c)
		}
	}
	for _, c := range compared {
		c.countWrong(g.Budget)
	}
	addTo(&state.Guesses, g.Budget, longest(g.Guesses), s.Now)
	s.takeShared(g.Shared)
	state.remember(s.Now, &Request{Id: guessed + g.Request})
	s.keepState(g.Key, state)
	return caches.GuessResult{Outcome: caches.GuessWrong}
}

// fits reports whether there is a code of the guess's length, or may be.
func fits(alive []*Code, g *caches.Guess) bool {
	if len(alive) == 0 {
		return g.Length == g.FreshLength
	}
	return slices.ContainsFunc(alive, func(c *Code) bool { return c.fits(g) })
}

func (x *Code) fits(g *caches.Guess) bool {
	if x.Length == 0 {
		return g.Length == g.FreshLength
	}
	return x.Length == int64(g.Length)
}

// guessesRemaining returns how long until the limits of wrong guesses admit one more.
func (s *Step) guessesRemaining(state *State, g *caches.Guess) int64 {
	if left := budget(state.Guesses, g.Budget).remaining(s.Now, g.Guesses); left > 0 {
		return left
	}
	for _, limit := range g.Shared {
		if left := s.sharedRemaining(limit); left > 0 {
			return left
		}
	}
	return 0
}

// split returns the codes of the guess's length that the budget may still be compared
// with, and when the last of the others of this length expires.
func split(alive []*Code, g *caches.Guess) (compared []*Code, locked int64) {
	compared = make([]*Code, 0, len(alive))
	for _, c := range alive {
		if !c.fits(g) {
			continue
		}
		if a := c.attempts(g.Budget); a.GetWrong() < int64(g.Attempts) {
			compared = append(compared, c)
			continue
		}
		locked = max(locked, c.Expires)
	}
	return compared, locked
}

func (x *Code) attempts(budget string) *Attempts {
	for _, a := range x.Attempts {
		if a.Budget == budget {
			return a
		}
	}
	return nil
}

func (x *Code) countWrong(budget string) {
	a := x.attempts(budget)
	if a == nil {
		a = &Attempts{Budget: budget}
		x.Attempts = append(x.Attempts, a)
	}
	a.Wrong++
}

func (x *Code) matches(g *caches.Guess) bool {
	same := subtle.ConstantTimeCompare([]byte(x.Mac), []byte(g.MAC)) == 1
	return same && !x.Decoy && slices.Contains(x.Purposes, g.Purpose)
}

func (s *Step) right(state *State, g *caches.Guess, attempt string, c *Code) caches.GuessResult {
	if c.Claim != "" && c.Claim != g.Request && g.Cleared != c.Id {
		return caches.GuessResult{Outcome: caches.GuessUnresolved, CodeID: c.Id}
	}
	right := caches.GuessResult{Outcome: caches.GuessRight, CodeID: c.Id}
	verified := s.verifyInGroups(state, c.Id)
	switch g.Then {
	case caches.Consume:
		c.Claim, c.ClaimEnds = "", 0
		if attempt != "" {
			state.Consumed = appendCapped(state.Consumed, mostConsumed, &Consumed{Request: g.Request, Attempt: attempt, Code: c})
		}
		state.use(g.Holder, c.Id)
		if g.Issue != nil {
			s.issue(g.Key, g.Issue)
		}
	case caches.Claim:
		c.Claim, c.ClaimEnds = g.Request, s.Now+Millis(g.ClaimFor)
		if attempt != "" {
			claimed := &Code{Id: c.Id, Expires: c.Expires, Claim: g.Request}
			state.Consumed = appendCapped(state.Consumed, mostConsumed, &Consumed{Request: g.Request, Attempt: attempt, Code: claimed})
		}
	default:
		if verified {
			s.keepState(g.Key, state)
		}
		return right
	}
	state.remember(s.Now, &Request{Id: guessed + g.Request, Code: c.Id})
	s.keepState(g.Key, state)
	return right
}

// handOver makes a guess that consumed a code this attempt's, so that an earlier
// attempt, whose caller got an error, can't undo it any more. Nobody can undo a claim
// any more: it may have been gone on with since.
func (x *State) handOver(request, attempt string) (changed bool) {
	for i, c := range x.Consumed {
		switch {
		case c.Request != request || c.Attempt == attempt:
			continue
		case c.claimed():
			x.Consumed = slices.Delete(x.Consumed, i, i+1)
		default:
			c.Attempt = attempt
		}
		return true
	}
	return false
}

// claimed reports whether the guess only claimed the code.
func (x *Consumed) claimed() bool { return x.GetCode().GetClaim() != "" }

// undoGuess undoes a Guess that consumed or claimed a code and whose caller got an
// error. The code is as it was, unless there is a newer one.
func (s *Step) undoGuess(g *caches.Guess, attempt string) {
	state := s.state(g.Key)
	i := slices.IndexFunc(state.Consumed, func(c *Consumed) bool { return c.Request == g.Request && c.Attempt == attempt })
	if i < 0 {
		return
	}
	undone := state.Consumed[i]
	state.Consumed = slices.Delete(state.Consumed, i, i+1)
	state.forget(guessed + g.Request)
	if undone.claimed() {
		for _, c := range state.holder(g.Holder).codes() {
			if c.Claim == g.Request {
				c.Claim, c.ClaimEnds = "", 0
			}
		}
	} else if h := state.newHolder(g.Holder); h.Live == nil {
		h.Live = undone.Code
	}
	s.keepState(g.Key, state)
	if g.Issue != nil {
		s.Keep(tokenName(g.Key, g.Issue.Hash), &Token{}, 0)
	}
}

// endClaimNames returns the names under which an EndClaim may add values.
func endClaimNames(e *caches.EndClaim) []Name {
	if !e.Used {
		return nil
	}
	return append(issueNames(e.Key, e.Issue), stateName(e.Key))
}

// endClaim is caches.Store's EndClaim.
func (s *Step) endClaim(e *caches.EndClaim, _ string) (_ none) {
	state := s.state(e.Key)
	if state.remembered(ended+e.Request) != nil {
		return
	}
	done := e.Used
	if e.Used {
		state.use(e.Holder, e.CodeID)
		if e.Issue != nil {
			s.issue(e.Key, e.Issue)
		}
	}
	for _, c := range state.holder(e.Holder).codes() {
		if c.Id == e.CodeID && c.Claim == e.Request {
			c.Claim, c.ClaimEnds, done = "", 0, true
		}
	}
	if !done {
		return
	}
	state.remember(s.Now, &Request{Id: ended + e.Request})
	s.keepState(e.Key, state)
	return
}
