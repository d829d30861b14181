package otpstate

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/lintel-run/lintel/elements/caches"
)

// The first byte of what Encode gives: the kind and its format's version.
const (
	stateFormat  = 's'
	tokenFormat  = 't'
	repeatFormat = 'r'
	crowdFormat  = 'c'
)

// outcomeNumbers are the numbers that stand for the outcomes of guesses.
var outcomeNumbers = map[caches.GuessOutcome]int64{caches.GuessRight: 1, caches.GuessWrong: 4}

func outcomeOf(number int64) caches.GuessOutcome {
	for outcome, n := range outcomeNumbers {
		if n == number {
			return outcome
		}
	}
	return ""
}

// writer appends fields in order: integers as varints, texts behind their length.
type writer struct{ to []byte }

func (w *writer) int(v int64) { w.to = binary.AppendVarint(w.to, v) }

func (w *writer) text(s string) {
	w.int(int64(len(s)))
	w.to = append(w.to, s...)
}

func (w *writer) flag(b bool) {
	if b {
		w.int(1)
	} else {
		w.int(0)
	}
}

func (w *writer) texts(list []string) {
	w.int(int64(len(list)))
	for _, s := range list {
		w.text(s)
	}
}

// Encode gives the state as bytes; DecodeState is its inverse.
func (s *State) Encode() []byte {
	w := &writer{to: make([]byte, 0, 512)}
	w.to = append(w.to, stateFormat)
	w.int(s.At)
	w.int(s.Cooldown.Until)
	w.text(s.Cooldown.Code)
	w.int(int64(len(s.Holders)))
	for _, holder := range slices.Sorted(maps.Keys(s.Holders)) {
		w.text(holder)
		w.code(s.Holders[holder].Live)
		w.code(s.Holders[holder].Pending)
	}
	w.buckets(s.Sends)
	w.buckets(s.Guesses)
	w.times(&s.Refusals)
	w.int(int64(len(s.Requests)))
	for i := range s.Requests {
		r := &s.Requests[i]
		w.text(r.ID)
		w.int(r.Expires)
		w.int(outcomeNumbers[r.Outcome])
		w.text(r.Code)
		w.int(r.At)
		w.int(r.Shared)
		w.flag(r.Committed)
	}
	w.int(int64(len(s.Watched)))
	for i := range s.Watched {
		watched := &s.Watched[i]
		w.text(watched.Code)
		w.int(watched.At)
		w.int(watched.Expires)
		w.texts(watched.Crowds)
	}
	w.int(int64(len(s.Taken)))
	for i := range s.Taken {
		t := &s.Taken[i]
		w.text(t.Request)
		w.text(t.Attempt)
		w.code(&t.Code)
	}
	return w.to
}

func (w *writer) code(c *Code) {
	w.flag(c != nil)
	if c == nil {
		return
	}
	w.text(c.ID)
	w.text(c.MAC)
	w.texts(c.Purposes)
	w.flag(c.Decoy)
	w.int(c.Expires)
	w.int(int64(len(c.Attempts)))
	for _, bucket := range slices.Sorted(maps.Keys(c.Attempts)) {
		w.text(bucket)
		w.int(int64(c.Attempts[bucket]))
	}
	w.text(c.Claim)
	w.int(c.ClaimEnds)
}

func (w *writer) buckets(m map[string]*Times) {
	w.int(int64(len(m)))
	for _, bucket := range slices.Sorted(maps.Keys(m)) {
		w.text(bucket)
		w.times(m[bucket])
	}
}

func (w *writer) times(t *Times) {
	w.int(t.Per)
	w.int(int64(len(t.At)))
	last := int64(0)
	for _, at := range t.At {
		w.int(at - last)
		last = at
	}
}

// Encode gives the token as bytes; DecodeToken is its inverse.
func (t *Token) Encode() []byte {
	w := &writer{to: []byte{tokenFormat}}
	w.text(string(t.Value))
	w.int(t.Expires)
	w.text(t.Taken)
	w.int(t.Linger)
	w.text(t.Claim)
	w.int(t.ClaimEnds)
	w.texts(t.Ended)
	w.text(t.Attempt)
	w.int(t.Until)
	return w.to
}

// Encode gives the repeatable request as bytes; DecodeRepeat is its inverse.
func (r *Repeat) Encode() []byte {
	w := &writer{to: []byte{repeatFormat}}
	w.text(r.Owner)
	w.text(r.Fingerprint)
	w.int(r.LeaseEnds)
	w.flag(r.Answered)
	w.text(string(r.Answer))
	w.int(r.Expires)
	return w.to
}

// Encode gives the crowd as bytes; DecodeCrowd is its inverse.
func (c *Crowd) Encode() []byte {
	w := &writer{to: []byte{crowdFormat}}
	w.int(c.Per)
	w.int(int64(len(c.Slots)))
	last := int64(0)
	for _, s := range c.Slots {
		w.int(s.At - last)
		w.int(s.Sends)
		w.int(s.Verified)
		last = s.At
	}
	return w.to
}
