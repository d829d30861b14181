package delivery

import (
	"context"
	"errors"
	"net"
	"sync"
)

// connLimit keeps a pool from having more connections than requests at once.
// net/http dials for every request that finds no idle connection and keeps the new
// one even if another request's connection becomes idle meanwhile, so that a burst
// ends with many more connections than it ever used at once.
type connLimit struct {
	mu          sync.Mutex
	requests    int
	connections int // including those being dialled
	changed     chan struct{}
}

func newConnLimit() *connLimit { return &connLimit{changed: make(chan struct{})} }

var errNoRequest = errors.New("delivery: no request waits for this connection")

// begin counts a request until end is called.
func (l *connLimit) begin() (end func()) {
	l.update(func() { l.requests++ })
	return func() { l.update(func() { l.requests-- }) }
}

func (l *connLimit) update(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	close(l.changed)
	l.changed = make(chan struct{})
}

// dial waits until there are fewer connections than requests. A request that waits
// meanwhile still gets a connection that becomes idle.
func (l *connLimit) dial(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	if err := l.acquire(ctx); err != nil {
		return nil, err
	}
	conn, err := dial(ctx)
	if err != nil {
		l.update(func() { l.connections-- })
		return nil, err
	}
	return &limitedConn{Conn: conn, limit: l}, nil
}

func (l *connLimit) acquire(ctx context.Context) error {
	for {
		l.mu.Lock()
		if l.connections < l.requests {
			l.connections++
			l.mu.Unlock()
			return nil
		}
		noRequest, changed := l.requests == 0, l.changed
		l.mu.Unlock()
		if noRequest {
			return errNoRequest
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// limitedConn is counted until it is closed.
type limitedConn struct {
	net.Conn
	limit *connLimit
	once  sync.Once
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.limit.update(func() { c.limit.connections-- }) })
	return err
}
