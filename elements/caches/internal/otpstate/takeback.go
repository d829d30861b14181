package otpstate

import (
	"slices"

	"github.com/lintel-run/lintel/elements/caches"
)

// takings bounds State.Taken.
const takings = 4

// Taken is a code that a guess took, as it was before. While it lives, the guess
// can be taken back by the attempt that made it.
type Taken struct {
	// Request is the guess's, Attempt the last call that was told of it.
	Request string
	Attempt string
	Code    Code
}

// took keeps in mind what a code was like when a guess took it.
func (s *State) took(request, attempt string, c *Code) {
	if attempt == "" {
		return
	}
	was := *c
	was.Claim, was.ClaimEnds = "", 0
	if over := len(s.Taken) - takings + 1; over > 0 {
		s.Taken = slices.Delete(s.Taken, 0, over)
	}
	s.Taken = append(s.Taken, Taken{Request: request, Attempt: attempt, Code: was})
}

// told makes a guess one of the attempt that is told of it now: an earlier one,
// which was told that it failed, can't take it back any more.
func (s *State) told(request, attempt string) (changed bool) {
	for i := range s.Taken {
		if t := &s.Taken[i]; t.Request == request && t.Attempt != attempt {
			t.Attempt = attempt
			return true
		}
	}
	return false
}

// TakeBack takes a guess back that took a code while its caller was told that it
// failed: the code is as it was, unless a newer one has come, and the token that
// was issued is to go. It says whether there was something to take back.
func (s *State) TakeBack(now int64, g *caches.Guess, attempt string) bool {
	s.settle(now)
	i := slices.IndexFunc(s.Taken, func(t Taken) bool { return t.Request == g.Request && t.Attempt == attempt })
	if i < 0 {
		return false
	}
	was := s.Taken[i].Code
	s.Taken = slices.Delete(s.Taken, i, i+1)
	s.forget(guessed + g.Request)
	if codes := s.codes(g.Holder); codes.Live == nil {
		codes.Live = &was
		if s.Holders == nil {
			s.Holders = make(map[string]*Codes)
		}
		s.Holders[g.Holder] = codes
	}
	s.At = now
	return true
}
