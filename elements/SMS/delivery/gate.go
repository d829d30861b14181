package delivery

import (
	"context"
	"errors"
	"net"
	"sync"
)

// gate keeps a pool from having more connections than it has callers. net/http
// dials for each caller that finds none idle and keeps what that brings, also
// when another's connection came free in the meantime; a crowd then ends with
// many more connections than it ever used at once.
type gate struct {
	mu      sync.Mutex
	callers int
	open    int // connections, and dials under way
	changed chan struct{}
}

func newGate() *gate { return &gate{changed: make(chan struct{})} }

var errNobodyWaits = errors.New("delivery: nobody waits for this connection")

// enter counts a caller until the returned function is called.
func (g *gate) enter() (leave func()) {
	g.update(func() { g.callers++ })
	return func() { g.update(func() { g.callers-- }) }
}

func (g *gate) update(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
	close(g.changed)
	g.changed = make(chan struct{})
}

// dial waits until there are fewer connections than callers. A caller that waits
// here finds one that comes free all the same.
func (g *gate) dial(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	if err := g.admit(ctx); err != nil {
		return nil, err
	}
	conn, err := dial(ctx)
	if err != nil {
		g.update(func() { g.open-- })
		return nil, err
	}
	return &gatedConn{Conn: conn, gate: g}, nil
}

func (g *gate) admit(ctx context.Context) error {
	for {
		g.mu.Lock()
		if g.open < g.callers {
			g.open++
			g.mu.Unlock()
			return nil
		}
		nobody, changed := g.callers == 0, g.changed
		g.mu.Unlock()
		if nobody {
			return errNobodyWaits
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gatedConn tells its gate when it is closed.
type gatedConn struct {
	net.Conn
	gate *gate
	once sync.Once
}

func (c *gatedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.gate.update(func() { c.gate.open-- }) })
	return err
}
