package route

import (
	"sync"
	"time"
)

const (
	// window is the number of latest results that a breaker counts; threshold failures
	// among them open it.
	window    = 10
	threshold = 5
	// firstDelay is how long an open breaker waits before it lets a trial through. It
	// doubles with each failed trial, up to maxDelay.
	firstDelay = 2 * time.Second
	maxDelay   = 30 * time.Second
	// trialTimeout is when a trial without a result makes room for another.
	trialTimeout = time.Minute
)

// breaker is a circuit breaker for one vendor. Closed, it lets every message through.
// Open, it lets none through until its delay is over, then one trial at a time; a
// trial's success closes it. The results of messages that ignored it are recorded,
// too.
type breaker struct {
	mu       sync.Mutex
	results  [window]bool // true: failed
	next     int
	failures int

	open   bool
	delay  time.Duration
	retry  time.Time // of the next trial, if open
	trying bool
}

// transition is how a result changed a breaker's state.
type transition int

const (
	unchanged transition = iota
	opened
	closed
)

// allow reports whether a message may go to the vendor now.
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
	b.retry = now.Add(trialTimeout)
	return true
}

// record records the result of a message.
func (b *breaker) record(failed bool) transition {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open {
		return b.recordOpen(failed)
	}
	if b.results[b.next] {
		b.failures--
	}
	b.results[b.next] = failed
	b.next = (b.next + 1) % window
	if !failed {
		return unchanged
	}
	if b.failures++; b.failures < threshold {
		return unchanged
	}
	b.open, b.delay, b.retry = true, firstDelay, time.Now().Add(firstDelay)
	return opened
}

// recordOpen records the result of a trial. The success of any other message, in
// flight when the breaker opened or sent in spite of it, closes the breaker too.
func (b *breaker) recordOpen(failed bool) transition {
	switch {
	case !failed:
		b.results, b.next, b.failures = [window]bool{}, 0, 0
		b.open, b.trying = false, false
		return closed
	case b.trying:
		b.trying = false
		b.delay = min(2*b.delay, maxDelay)
		b.retry = time.Now().Add(b.delay)
	}
	return unchanged
}

// breakers holds the process's breakers by the full name of the vendor's element.
// They outlive a change of the routes' configuration.
type breakers struct {
	mu     sync.Mutex
	byName map[string]*breaker
}

func newBreakers() *breakers { return &breakers{byName: make(map[string]*breaker)} }

func (b *breakers) get(name string) *breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byName[name] == nil {
		b.byName[name] = &breaker{}
	}
	return b.byName[name]
}
