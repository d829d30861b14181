package otpstate

import (
	"crypto/subtle"
	"slices"

	"github.com/lintel-run/lintel/elements/caches"
)

// Guess is caches.Store's Guess. attempt tells this call from others of the same
// request, where it may have to be taken back. issue says that the guess's token
// is to be kept, changed that the state is.
func (s *State) Guess(now int64, g *caches.Guess, attempt string, shared Counters) (answer caches.GuessResult, issue, changed bool) {
	s.settle(now)
	if r := s.remembered(guessed + g.Request); r != nil {
		return caches.GuessResult{Outcome: r.Outcome, CodeID: r.Code}, false, s.told(g.Request, attempt)
	}
	if left := s.Guesses[g.Bucket].wait(now, g.Guesses); left > 0 {
		return caches.GuessResult{Outcome: caches.GuessLocked, RetryAfter: span(left)}, false, false
	}
	alive := s.alive(g.Holder)
	if len(alive) == 0 {
		return caches.GuessResult{Outcome: caches.GuessWrong}, false, false
	}
	for _, c := range alive {
		if left := c.ClaimEnds - now; c.Claim != "" && c.Claim != g.Request && left > 0 {
			return caches.GuessResult{Outcome: caches.GuessBusy, RetryAfter: span(left)}, false, false
		}
	}
	compared, locked := split(alive, g)
	if len(compared) == 0 {
		return caches.GuessResult{Outcome: caches.GuessLocked, RetryAfter: span(locked - now)}, false, false
	}
	for _, c := range compared {
		if c.matches(g) {
			return s.right(now, g, attempt, c, shared)
		}
	}
	for _, c := range compared {
		if c.Attempts == nil {
			c.Attempts = make(map[string]int)
		}
		c.Attempts[g.Bucket]++
	}
	add(&s.Guesses, g.Bucket, longest(g.Guesses), now)
	s.remember(now, Request{ID: guessed + g.Request, Outcome: caches.GuessWrong})
	return caches.GuessResult{Outcome: caches.GuessWrong}, false, true
}

// alive lists the codes of a holder, the newest first.
func (s *State) alive(holder string) []*Code {
	c := s.codes(holder)
	alive := make([]*Code, 0, 2)
	if c.Pending != nil {
		alive = append(alive, c.Pending)
	}
	if c.Live != nil {
		alive = append(alive, c.Live)
	}
	return alive
}

// split gives the codes that the bucket may still be compared with, and when the
// last of the others dies.
func split(alive []*Code, g *caches.Guess) (compared []*Code, locked int64) {
	compared = make([]*Code, 0, len(alive))
	for _, c := range alive {
		if c.Attempts[g.Bucket] < g.Attempts {
			compared = append(compared, c)
			continue
		}
		locked = max(locked, c.Expires)
	}
	return compared, locked
}

func (c *Code) matches(g *caches.Guess) bool {
	same := subtle.ConstantTimeCompare([]byte(c.MAC), []byte(g.MAC)) == 1
	return same && !c.Decoy && slices.Contains(c.Purposes, g.Purpose)
}

func (s *State) right(now int64, g *caches.Guess, attempt string, c *Code, shared Counters) (answer caches.GuessResult, issue, changed bool) {
	if c.Claim != "" && c.Claim != g.Request && g.Cleared != c.ID {
		return caches.GuessResult{Outcome: caches.GuessUnresolved, CodeID: c.ID}, false, false
	}
	answer = caches.GuessResult{Outcome: caches.GuessRight, CodeID: c.ID}
	verified := s.verify(c.ID, shared)
	switch g.Then {
	case caches.Consume:
		s.took(g.Request, attempt, c)
		s.use(g.Holder, c.ID)
		issue = g.Issue != nil
	case caches.Claim:
		c.Claim, c.ClaimEnds = g.Request, now+Millis(g.ClaimFor)
	default:
		if verified {
			s.At = now
		}
		return answer, false, verified
	}
	s.remember(now, Request{ID: guessed + g.Request, Outcome: caches.GuessRight, Code: c.ID})
	return answer, issue, true
}

// EndClaim is caches.Store's EndClaim.
func (s *State) EndClaim(now int64, e *caches.EndClaim) (issue, changed bool) {
	s.settle(now)
	if s.remembered(ended+e.Request) != nil {
		return false, false
	}
	if e.Used {
		s.use(e.Holder, e.CodeID)
		s.remember(now, Request{ID: ended + e.Request})
		return e.Issue != nil, true
	}
	for _, c := range s.alive(e.Holder) {
		if c.ID == e.CodeID && c.Claim == e.Request {
			c.Claim, c.ClaimEnds = "", 0
			s.remember(now, Request{ID: ended + e.Request})
			return false, true
		}
	}
	return false, false
}
