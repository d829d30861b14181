package runtime

import (
	"context"
	"sync"
)

// calls counts the calls in flight, so that an app can drain.
type calls struct {
	mu    sync.Mutex
	n     int
	quiet chan struct{} // closed when n falls to 0; nil while nobody waits
}

func (c *calls) begin() {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
}

func (c *calls) end() {
	c.mu.Lock()
	c.n--
	if c.n == 0 && c.quiet != nil {
		close(c.quiet)
		c.quiet = nil
	}
	c.mu.Unlock()
}

// wait returns when no call is in flight, or with ctx's error.
func (c *calls) wait(ctx context.Context) error {
	c.mu.Lock()
	if c.n == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.quiet == nil {
		c.quiet = make(chan struct{})
	}
	quiet := c.quiet
	c.mu.Unlock()
	select {
	case <-quiet:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
