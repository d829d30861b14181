// Package admission bounds how many do something at once. Others queue, in order, and
// whoever would wait for too long is turned away at once. It doesn't know what is done.
package admission

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

var (
	// ErrBusy means that the wait would be, or was, too long.
	ErrBusy = errors.New("too many at once")
	// ErrOutage means that those who were let in got nowhere.
	ErrOutage = errors.New("nobody gets anywhere")
)

// Gate lets a number in at a time. While those inside get nowhere, waiting helps nobody:
// then it lets everybody try, and turns away who waits.
type Gate struct {
	slots int
	// wait is how long one may wait, as it is estimated.
	wait time.Duration
	// slow is how long one is inside who gets nowhere.
	slow time.Duration

	mu     sync.Mutex
	inside int
	queue  list.List // of chan error
	// took is how long one is inside, on average.
	took time.Duration
	// served is when somebody last left in time.
	served time.Time
	outage bool
}

// New returns a gate with slots. One waits for at most wait, and is slow after slow.
func New(slots int, wait, slow time.Duration) *Gate {
	return &Gate{slots: slots, wait: wait, slow: slow}
}

// Enter waits to be let in. The caller calls leave, once or more often, when it is done.
// The error is ErrBusy, ErrOutage or that of ctx.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	g.mu.Lock()
	if g.outage || g.inside < g.slots && g.queue.Len() == 0 {
		g.inside++
		g.mu.Unlock()
		return g.leave(), nil
	}
	if g.took*time.Duration(g.queue.Len()+1)/time.Duration(g.slots) > g.wait {
		g.mu.Unlock()
		return nil, ErrBusy
	}
	turn := make(chan error, 1)
	place := g.queue.PushBack(turn)
	g.mu.Unlock()
	patience := time.NewTimer(g.wait + g.wait/4) // the estimate may be short
	defer patience.Stop()
	select {
	case err = <-turn:
	case <-ctx.Done():
		err = g.giveUp(place, turn, ctx.Err())
	case <-patience.C:
		err = g.giveUp(place, turn, ErrBusy)
	}
	if err != nil {
		return nil, err
	}
	return g.leave(), nil
}

// giveUp leaves the queue. It returns nil for whoever is let in at that moment.
func (g *Gate) giveUp(place *list.Element, turn chan error, why error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case err := <-turn:
		return err
	default:
		g.queue.Remove(place)
		return why
	}
}

// leave returns the function that ends a stay that begins now.
func (g *Gate) leave() func() {
	entered := time.Now()
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.inside--
		took := time.Since(entered)
		switch {
		case took < g.slow:
			g.served, g.outage = time.Now(), false
			g.took += (took - g.took) / 8
		case !g.served.After(entered):
			g.outage = true
			g.next(g.queue.Len(), ErrOutage)
			return
		}
		g.next(g.slots-g.inside, nil)
	})
}

// next ends the wait of the first n in the queue. g.mu is held.
func (g *Gate) next(n int, err error) {
	for ; n > 0 && g.queue.Len() > 0; n-- {
		g.queue.Remove(g.queue.Front()).(chan error) <- err
		if err == nil {
			g.inside++
		}
	}
}
