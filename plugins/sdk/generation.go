package sdk

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// closeTimeout bounds a Close that no request waits for.
const closeTimeout = 10 * time.Second

// generation is an instance, opened with one version of its configuration. Whoever
// is last closes it: release, or a call that is still in flight then.
type generation struct {
	def     *typeDef
	element any
	logger  *slog.Logger

	mu       sync.Mutex
	calls    int
	released bool
}

func (g *generation) enter() {
	g.mu.Lock()
	g.calls++
	g.mu.Unlock()
}

// leave ends a call.
func (g *generation) leave() {
	g.mu.Lock()
	g.calls--
	last := g.calls == 0 && g.released
	g.mu.Unlock()
	if last {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		g.close(ctx)
	}
}

// release is called once, when no new call will come.
func (g *generation) release(ctx context.Context) {
	g.mu.Lock()
	g.released = true
	last := g.calls == 0
	g.mu.Unlock()
	if last {
		g.close(ctx)
	}
}

func (g *generation) close(ctx context.Context) {
	c, ok := g.element.(Closer)
	if !ok {
		return
	}
	_, err := guarded(ctx, g.logger, "close", func() (None, error) { return None{}, c.Close(ctx) })
	if err != nil {
		g.logger.Warn("an instance was not closed cleanly", "error", err)
	}
}
