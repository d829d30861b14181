package cachestest

import (
	"sync/atomic"
	"time"
)

// Clock is the time of a test. It stands still between the calls of Advance, so that no
// result depends on how busy the machine is. It may be used by any number of goroutines.
type Clock struct{ now atomic.Int64 }

// NewClock returns a clock that shows the time of its making.
func NewClock() *Clock {
	c := &Clock{}
	c.now.Store(time.Now().UnixMilli())
	return c
}

// Now returns milliseconds since 1970.
func (c *Clock) Now() int64 { return c.now.Load() }

// Advance moves the clock, back if d is negative.
func (c *Clock) Advance(d time.Duration) { c.now.Add(d.Milliseconds()) }
