package route

import (
	"sync"
	"time"
)

const (
	// window is how many of a vendor's latest sends are looked at; enough failures
	// among them open its breaker.
	window = 10
	enough = 5
	// firstPause is how long an open breaker waits before it lets a trial through;
	// it doubles with each trial that fails, up to longestPause.
	firstPause   = 2 * time.Second
	longestPause = 30 * time.Second
	// trialTime is after how long a trial that has not ended makes room for another.
	trialTime = time.Minute
)

// breaker keeps messages away from a vendor that fails: closed, it lets everything
// through; open, nothing; after a pause one message at a time, whose success
// closes it. A success or failure is recorded for each message let through, and
// also for those sent in spite of it.
type breaker struct {
	mu      sync.Mutex
	results [window]bool // true: failed
	next    int
	failed  int

	open   bool
	pause  time.Duration
	retry  time.Time // when open: of the next trial
	trying bool
}

// change is what a result did to a breaker.
type change int

const (
	unchanged change = iota
	opened
	closed
)

// allow says whether a message may go to the vendor now.
func (b *breaker) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	now := time.Now()
	if now.Before(b.retry) {
		return false
	}
	b.trying = true
	b.retry = now.Add(trialTime)
	return true
}

// record keeps how a message ended.
func (b *breaker) record(failed bool) change {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open {
		return b.recordOpen(failed)
	}
	if b.results[b.next] {
		b.failed--
	}
	b.results[b.next] = failed
	b.next = (b.next + 1) % window
	if !failed {
		return unchanged
	}
	if b.failed++; b.failed < enough {
		return unchanged
	}
	b.open, b.pause, b.retry = true, firstPause, time.Now().Add(firstPause)
	return opened
}

// recordOpen keeps the end of a trial. Messages that were on their way when the
// breaker opened, or were sent in spite of it, count as trials when they succeed.
func (b *breaker) recordOpen(failed bool) change {
	switch {
	case !failed:
		b.results, b.next, b.failed = [window]bool{}, 0, 0
		b.open, b.trying = false, false
		return closed
	case b.trying:
		b.trying = false
		b.pause = min(2*b.pause, longestPause)
		b.retry = time.Now().Add(b.pause)
	}
	return unchanged
}

// breakers are those of one process, by the vendor element's full name. They
// outlive configurations of the routes that use them.
type breakers struct {
	mu sync.Mutex
	of map[string]*breaker
}

func newBreakers() *breakers { return &breakers{of: make(map[string]*breaker)} }

func (b *breakers) get(name string) *breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of[name] == nil {
		b.of[name] = &breaker{}
	}
	return b.of[name]
}
