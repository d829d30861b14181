package memorytype

import (
	"context"

	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// Crowd implements otpstate.Counters.
func (v *view) Crowd(key string) *otpstate.Crowd {
	return load[otpstate.Crowd](v, key, crowdKey(key))
}

// Count implements otpstate.Counters.
func (v *view) Count(key string, now, per int64) {
	c := v.Crowd(key)
	if c == nil {
		c = &otpstate.Crowd{}
	}
	c.Count(now, per)
	v.keep(key, crowdKey(key), c, c.End())
}

// Uncount implements otpstate.Counters.
func (v *view) Uncount(key string, at int64) {
	if c := v.Crowd(key); c != nil {
		c.Uncount(at)
	}
}

// Verify implements otpstate.Counters.
func (v *view) Verify(key string, at int64) {
	if c := v.Crowd(key); c != nil {
		c.Verify(at)
	}
}

// Marked implements otpstate.Counters.
func (v *view) Marked(key string) string {
	if by := load[string](v, key, markKey(key)); by != nil {
		return *by
	}
	return ""
}

// Mark implements otpstate.Counters.
func (v *view) Mark(key, request string, until int64) {
	v.keep(key, markKey(key), &request, until)
}

// apart is a view of an identity that doesn't hold its crowds: which those are,
// the identity alone knows. What they are to be told waits for a step of its own.
type apart struct {
	*view
	tells *[]tell
}

type tell struct {
	crowd string
	what  func(v *view)
}

func (a apart) Uncount(key string, at int64) {
	*a.tells = append(*a.tells, tell{key, func(v *view) { v.Uncount(key, at) }})
}

func (a apart) Verify(key string, at int64) {
	*a.tells = append(*a.tells, tell{key, func(v *view) { v.Verify(key, at) }})
}

// tell tells crowds what waited for it. It can't fail but where the store is
// closed, and then nothing is kept any more.
func (s *Store) tell(tells []tell) {
	for _, t := range tells {
		_ = s.step(context.Background(), []string{t.crowd}, nothing, t.what)
	}
}
