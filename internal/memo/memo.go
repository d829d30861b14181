// Package memo remembers the results of a slow look-up for a short time. Callers
// that ask for the same key meanwhile share one look-up.
package memo

import (
	"context"
	"sync"
	"time"
)

// Memo remembers results by key. Its methods may be called from any goroutine.
type Memo[K comparable, V any] struct {
	lookUp  func(ctx context.Context, key K) (V, error)
	ttl     time.Duration
	timeout time.Duration

	mu    sync.Mutex
	known map[K]*result[V]
	swept time.Time
}

type result[V any] struct {
	begun time.Time
	done  chan struct{}
	value V     // valid once done is closed
	err   error // likewise
}

func (r *result[V]) running() bool {
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// New returns a Memo of lookUp's results. A result is remembered for ttl since its
// look-up began; an error isn't. A look-up may take timeout. It isn't canceled with the
// caller who began it, since others may wait for it.
func New[K comparable, V any](ttl, timeout time.Duration, lookUp func(ctx context.Context, key K) (V, error)) *Memo[K, V] {
	return &Memo[K, V]{lookUp: lookUp, ttl: ttl, timeout: timeout, known: make(map[K]*result[V])}
}

// Get returns the result for a key.
func (m *Memo[K, V]) Get(ctx context.Context, key K) (V, error) {
	m.mu.Lock()
	now := time.Now()
	known := m.known[key]
	if known != nil && (known.running() || now.Sub(known.begun) < m.ttl) {
		m.mu.Unlock()
		select {
		case <-known.done:
			return known.value, known.err
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
	fresh := &result[V]{begun: now, done: make(chan struct{})}
	m.known[key] = fresh
	m.sweep(now)
	m.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.timeout)
	defer cancel()
	fresh.err = context.Canceled // what the others get if lookUp panics
	defer func() {
		if fresh.err != nil {
			m.mu.Lock()
			if m.known[key] == fresh {
				delete(m.known, key)
			}
			m.mu.Unlock()
		}
		close(fresh.done)
	}()
	fresh.value, fresh.err = m.lookUp(ctx, key)
	return fresh.value, fresh.err
}

// Forget makes the next Get of a key look it up.
func (m *Memo[K, V]) Forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, key)
}

// sweep removes expired results, once in a while. m.mu is held.
func (m *Memo[K, V]) sweep(now time.Time) {
	if now.Sub(m.swept) < 10*m.ttl {
		return
	}
	m.swept = now
	for key, known := range m.known {
		if !known.running() && now.Sub(known.begun) >= m.ttl {
			delete(m.known, key)
		}
	}
}
