// Package ledger is what the stores keep of one identity and what each operation
// does to it: plain functions of a state, a time and a request. It does no I/O,
// reads no clock and takes no lock: a store loads a state, runs one function
// within its critical section or transaction, and keeps the state if it changed.
//
// Times are milliseconds since 1970 by the store's clock. caches.RedisType does
// the same in Lua; the shared suite holds both to the same answers.
package otpstate

import (
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// Remembered is how long the answer to a request is kept for its repeats, and
// remembers how many of them an identity keeps.
const (
	Remembered = 10 * time.Minute
	remembers  = 128
)

// State is all that is kept of one identity but its tokens. The zero State is
// that of an identity never seen.
type State struct {
	// At is when the state was last changed.
	At       int64
	Cooldown Cooldown
	Holders  map[string]*Codes
	// Sends and Guesses are counted for each bucket, Refusals for the identity.
	Sends    map[string]*Times
	Guesses  map[string]*Times
	Refusals Times
	// Requests are the answers to repeats, oldest first.
	Requests []Request
	// Watched are the sends that are not verified yet, oldest first.
	Watched []Watched
	// Taken are the codes that were taken last, oldest first.
	Taken []Taken
}

// Watched is a send that was counted in crowds, at a time by their clock.
type Watched struct {
	Code    string
	At      int64
	Expires int64
	Crowds  []string
}

// Cooldown is the pause after a send; Code is the one that was sent.
type Cooldown struct {
	Until int64
	Code  string
}

// Codes are the two that one holder may have.
type Codes struct {
	Live    *Code
	Pending *Code
}

// Code is a code that was reserved.
type Code struct {
	ID       string
	MAC      string
	Purposes []string
	Decoy    bool
	Expires  int64
	// Attempts are the wrong guesses of each bucket.
	Attempts map[string]int
	// Claim is the request that claimed it, until ClaimEnds. A claim that ended
	// by time alone stays, so that the next one asks what became of it.
	Claim     string
	ClaimEnds int64
}

// Times is a sliding window: when things happened, oldest first, and for how
// long that matters.
type Times struct {
	Per int64
	At  []int64
}

// Request is the remembered answer to one that changed something.
type Request struct {
	// ID is the request's, behind a letter for the operation.
	ID      string
	Expires int64
	// Outcome is that of a guess.
	Outcome caches.GuessOutcome
	Code    string
	// Of a reservation: when it was made, also by the clock of the shared
	// limits, and whether it was committed.
	At        int64
	Shared    int64
	Committed bool
}

// Millis rounds a duration up to whole milliseconds.
func Millis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func span(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// Expires is when nothing in the state matters any more; 0 when nothing does.
func (s *State) Expires() int64 {
	end := s.Cooldown.Until
	for _, c := range s.Holders {
		for _, code := range []*Code{c.Live, c.Pending} {
			if code != nil {
				end = max(end, code.Expires)
			}
		}
	}
	for _, w := range s.Sends {
		end = max(end, w.expires())
	}
	for _, w := range s.Guesses {
		end = max(end, w.expires())
	}
	end = max(end, s.Refusals.expires())
	for i := range s.Requests {
		end = max(end, s.Requests[i].Expires)
	}
	return end
}

// settle brings the state to now: what is over is dropped. A clock that went
// back since the last change takes the state's times with it, so that no pause
// and no code lasts longer for it.
func (s *State) settle(now int64) {
	if back := s.At - now; back > 0 {
		s.shift(-back)
	}
	if s.Cooldown.Until <= now {
		s.Cooldown = Cooldown{}
	}
	for holder, c := range s.Holders {
		if c.Live != nil && c.Live.Expires <= now {
			c.Live = nil
		}
		if c.Pending != nil && c.Pending.Expires <= now {
			c.Pending = nil
		}
		if c.Live == nil && c.Pending == nil {
			delete(s.Holders, holder)
		}
	}
	for _, m := range []map[string]*Times{s.Sends, s.Guesses} {
		for bucket, w := range m {
			if w.prune(now); len(w.At) == 0 {
				delete(m, bucket)
			}
		}
	}
	s.Refusals.prune(now)
	s.Requests = slices.DeleteFunc(s.Requests, func(r Request) bool { return r.Expires <= now })
	s.Watched = slices.DeleteFunc(s.Watched, func(w Watched) bool { return w.Expires <= now })
	s.Taken = slices.DeleteFunc(s.Taken, func(t Taken) bool { return t.Code.Expires <= now })
}

func (s *State) shift(by int64) {
	s.At += by
	s.Cooldown.Until += by
	for _, c := range s.Holders {
		for _, code := range []*Code{c.Live, c.Pending} {
			if code != nil {
				code.Expires += by
				code.ClaimEnds += by
			}
		}
	}
	for _, w := range s.Sends {
		w.shift(by)
	}
	for _, w := range s.Guesses {
		w.shift(by)
	}
	s.Refusals.shift(by)
	for i := range s.Requests {
		s.Requests[i].Expires += by
		s.Requests[i].At += by
	}
	for i := range s.Watched {
		s.Watched[i].Expires += by
	}
	for i := range s.Taken {
		s.Taken[i].Code.Expires += by
	}
}

func (s *State) remembered(id string) *Request {
	for i := range s.Requests {
		if s.Requests[i].ID == id {
			return &s.Requests[i]
		}
	}
	return nil
}

func (s *State) forget(id string) {
	s.Requests = slices.DeleteFunc(s.Requests, func(r Request) bool { return r.ID == id })
}

func (s *State) remember(now int64, r Request) {
	s.At = now
	r.Expires = now + Millis(Remembered)
	if over := len(s.Requests) - remembers + 1; over > 0 {
		s.Requests = slices.Delete(s.Requests, 0, over)
	}
	s.Requests = append(s.Requests, r)
}

func (s *State) codes(holder string) *Codes {
	if c := s.Holders[holder]; c != nil {
		return c
	}
	return &Codes{}
}

// drop takes a code away, wherever it is.
func (s *State) drop(holder, id string) {
	c := s.Holders[holder]
	if c == nil {
		return
	}
	if c.Live != nil && c.Live.ID == id {
		c.Live = nil
	}
	if c.Pending != nil && c.Pending.ID == id {
		c.Pending = nil
	}
	s.tidy(holder)
}

// use takes a code away as one that was used: a pending one takes the live one,
// which is older, with it.
func (s *State) use(holder, id string) {
	if c := s.Holders[holder]; c != nil && c.Pending != nil && c.Pending.ID == id {
		c.Live = nil
	}
	s.drop(holder, id)
}

func (s *State) tidy(holder string) {
	if c := s.Holders[holder]; c != nil && c.Live == nil && c.Pending == nil {
		delete(s.Holders, holder)
	}
}
