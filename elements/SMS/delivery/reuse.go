package delivery

import (
	"sync"
	"time"
)

const (
	// idleTimeout is shorter than the time for which servers usually keep idle
	// connections, 2 seconds or more. A request that meets the server's end of its
	// connection is lost, and whether the server read it is then not known.
	idleTimeout = 1500 * time.Millisecond
	// aloneFor is how long requests have connections of their own after one was lost.
	aloneFor = 10 * time.Minute
)

// reuse decides whether connections are used again. No client can tell a server that
// closed a connection before it read a request from one that closed it afterwards, so
// that nothing may be sent again; but of a server that closes early, at most one request
// is lost in a while.
type reuse struct {
	mu    sync.Mutex
	alone time.Time // until when every request has a connection of its own
}

// allowed reports whether a request may use a connection again, and leave it to others.
func (r *reuse) allowed(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.alone)
}

// forbid ends the use of connections again for a while.
func (r *reuse) forbid(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alone = now.Add(aloneFor)
}
