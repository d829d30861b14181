package verification

import (
	"context"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
)

// probeTTL is how long the result of a probe counts, from when it began.
const probeTTL = 50 * time.Millisecond

// databaseProbe checks that the database can be reached. Most sends don't need it,
// but a code that nobody can use isn't worth a message: while the database is
// unreachable, nothing is sent. Concurrent callers share a probe.
type databaseProbe struct {
	mu   sync.Mutex
	last *probe
}

type probe struct {
	dir   databases.Directory
	begun time.Time
	done  chan struct{}
	err   error // valid once done is closed
}

// check returns an error if the database can't be reached.
func (p *databaseProbe) check(ctx context.Context, dir databases.Directory) error {
	p.mu.Lock()
	now := time.Now()
	last := p.last
	if last == nil || last.dir != dir || now.Sub(last.begun) >= probeTTL {
		last = &probe{dir: dir, begun: now, done: make(chan struct{})}
		p.last = last
		p.mu.Unlock()
		last.err = context.Canceled // what the others get if Ready panics
		defer close(last.done)
		last.err = dir.Ready(ctx)
		return last.err
	}
	p.mu.Unlock()
	select {
	case <-last.done:
		return last.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
