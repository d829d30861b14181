package sdk

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// closeTimeout bounds a Close that no request waits for.
const closeTimeout = 10 * time.Second

// generation is one configuration of one instance, opened. It is closed once, by
// whoever is last: Release, or the last call after it.
type generation struct {
	def     *typeDef
	element any
	logger  *slog.Logger

	mu       sync.Mutex
	users    int
	released bool
}

// use counts a call on the generation; done may be called more than once.
func (g *generation) use() (done func()) {
	g.mu.Lock()
	g.users++
	g.mu.Unlock()
	return sync.OnceFunc(func() {
		g.mu.Lock()
		g.users--
		last := g.users == 0 && g.released
		g.mu.Unlock()
		if last {
			ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
			defer cancel()
			g.close(ctx)
		}
	})
}

// release lets it go; it is called once.
func (g *generation) release(ctx context.Context) {
	g.mu.Lock()
	g.released = true
	last := g.users == 0
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
