package sessions

import (
	"context"
	"sync"
	"time"
)

// How long what a session is like is believed, counted from before it was asked:
// whatever ends a session, in whichever process, is visible within a second.
const (
	believed  = 900 * time.Millisecond
	lookBound = time.Second
)

// liveness remembers for less than a second whose session is alive. Callers that
// ask for the same session meanwhile share one look.
type liveness struct {
	look func(ctx context.Context, sessionID string) (userID string, err error)

	mu    sync.Mutex
	looks map[string]*look
	swept time.Time
}

type look struct {
	begun time.Time
	done  chan struct{}
	// user and err are set before done is closed.
	user string
	err  error
}

func newLiveness(ask func(context.Context, string) (string, error)) *liveness {
	return &liveness{look: ask, looks: make(map[string]*look)}
}

// user gives the user of a session that is alive, "" for any other.
func (l *liveness) user(ctx context.Context, sessionID string) (string, error) {
	l.mu.Lock()
	now := time.Now()
	known := l.looks[sessionID]
	if known != nil && now.Sub(known.begun) < believed {
		l.mu.Unlock()
		select {
		case <-known.done:
			return known.user, known.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	fresh := &look{begun: now, done: make(chan struct{})}
	l.looks[sessionID] = fresh
	l.sweep(now)
	l.mu.Unlock()

	// Others wait for this look: it does not end with the one who began it.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookBound)
	defer cancel()
	fresh.err = context.Canceled // what the others get if look panics
	defer func() {
		if fresh.err != nil {
			l.mu.Lock()
			if l.looks[sessionID] == fresh {
				delete(l.looks, sessionID)
			}
			l.mu.Unlock()
		}
		close(fresh.done)
	}()
	fresh.user, fresh.err = l.look(bounded, sessionID)
	return fresh.user, fresh.err
}

// forget makes the next question about a session a look of its own.
func (l *liveness) forget(sessionID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.looks, sessionID)
}

// sweep drops what is no longer believed, once in a while. mu is held.
func (l *liveness) sweep(now time.Time) {
	if now.Sub(l.swept) < 10*believed {
		return
	}
	l.swept = now
	for id, known := range l.looks {
		if now.Sub(known.begun) >= believed {
			delete(l.looks, id)
		}
	}
}
