package verification

import (
	"context"
	"sync"
	"time"
)

// pulseBelieved is how long an answer of the database counts, from before it was
// asked.
const pulseBelieved = 50 * time.Millisecond

// pulse says whether the database answers. Most sends need nothing of it, but a
// code that nobody can use is not worth a message: while the database is away
// nothing is sent. Those who ask at once share a look.
type pulse struct {
	mu   sync.Mutex
	last *heartbeat
}

// readier is what the pulse asks.
type readier interface {
	Ready(ctx context.Context) error
}

type heartbeat struct {
	of    readier
	begun time.Time
	done  chan struct{}
	err   error // after done
}

// check gives the database's error, within ctx.
func (p *pulse) check(ctx context.Context, dir readier) error {
	p.mu.Lock()
	now := time.Now()
	b := p.last
	if b == nil || b.of != dir || now.Sub(b.begun) >= pulseBelieved {
		b = &heartbeat{of: dir, begun: now, done: make(chan struct{})}
		p.last = b
		p.mu.Unlock()
		b.err = context.Canceled // what the others get if Ready panics
		defer close(b.done)
		b.err = dir.Ready(ctx)
		return b.err
	}
	p.mu.Unlock()
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
