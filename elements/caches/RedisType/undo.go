package redistype

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// mostUndos is how many undos may wait. A reservation that finds no room keeps its
	// cooldown, and a code stays taken.
	mostUndos = 1024
	// undoPause is the longest pause between tries while the server can't be reached.
	undoPause = 150 * time.Millisecond
	// undoTime is how long an undo may take before the caller gets its error, and
	// undoUntil how long it is tried afterwards: no code lives longer.
	undoTime  = 80 * time.Millisecond
	undoUntil = 10 * time.Minute
)

// pendingUndo undoes a script that the server may have run although its caller got an
// error.
type pendingUndo struct {
	// key is the key of the state or token that the script changed.
	key string
	// try reports whether the server has replied.
	try func(ctx context.Context) bool
	// until is when it doesn't matter any more.
	until time.Time
	// done is guarded by pendingUndos.mu.
	done bool
}

// undoReserveLater undoes a reservation: without a result nothing is sent, so the identity
// must not wait for its interval.
func (s *Store) undoReserveLater(q reservation) {
	until := time.Now().Add(max(q.Interval, q.TTL))
	s.undoLater(&pendingUndo{
		key:   stateKey(q.Key),
		try:   func(ctx context.Context) bool { return s.undoReserve(ctx, q) },
		until: until,
	})
}

func (s *Store) undoLater(u *pendingUndo) {
	s.pending.add(u)
	select {
	case s.undos <- u:
	default:
		s.pending.finish(u)
		s.log.Warn("too many operations wait to be undone")
	}
}

// pendingUndos are the undos of this process that wait, by key.
type pendingUndos struct {
	count atomic.Int64
	mu    sync.Mutex
	byKey map[string][]*pendingUndo
}

// add adds an undo unless it is done.
func (p *pendingUndos) add(u *pendingUndo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u.done {
		return
	}
	if p.byKey == nil {
		p.byKey = make(map[string][]*pendingUndo)
	}
	p.byKey[u.key] = append(p.byKey[u.key], u)
	p.count.Add(1)
}

// take removes and returns the undos of a key.
func (p *pendingUndos) take(key string) []*pendingUndo {
	if p.count.Load() == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.byKey[key]
	delete(p.byKey, key)
	p.count.Add(-int64(len(taken)))
	return taken
}

// finish marks an undo as done, and removes it if it is there.
func (p *pendingUndos) finish(u *pendingUndo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u.done = true
	if i := slices.Index(p.byKey[u.key], u); i >= 0 {
		p.byKey[u.key] = slices.Delete(p.byKey[u.key], i, i+1)
		p.count.Add(-1)
	}
	if len(p.byKey[u.key]) == 0 {
		delete(p.byKey, u.key)
	}
}

func (p *pendingUndos) isDone(u *pendingUndo) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return u.done
}

// undoFirst runs the undos that wait for a key. Without it, a call that comes as soon as
// the server replies again could find a code taken that is about to be restored. Of calls
// that come at once, one runs an undo: else many on one key would be busy with each
// other's.
func (s *Store) undoFirst(ctx context.Context, key string) {
	for _, u := range s.pending.take(key) {
		if ctx.Err() == nil && u.try(ctx) {
			s.pending.finish(u)
		} else {
			s.pending.add(u)
		}
	}
}

// boundedToUndo bounds an operation that may have to be undone: the whole, and the
// operation itself, which leaves undoTime.
func boundedToUndo(ctx context.Context) (whole, operation context.Context, cancel context.CancelFunc) {
	end := time.Now().Add(bound)
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(end) {
		end = earlier
	}
	whole, endWhole := context.WithDeadline(ctx, end)
	operation, endOperation := context.WithDeadline(whole, end.Add(-undoTime))
	return whole, operation, func() { endOperation(); endWhole() }
}

// undo undoes a guess or a call of Token that failed with err, if the script may have run:
// in what is left of the time if the server can be reached, else later.
func (s *Store) undo(ctx context.Context, err error, request, attempt string, keys []string, script *redis.Script, more ...any) {
	var f *failure
	if !errors.As(err, &f) || !f.unknown {
		return
	}
	a := s.args(4).add(request, attempt).add(more...)
	if s.undoAtOnce(ctx, script, keys, a) {
		return
	}
	s.undoLater(&pendingUndo{
		key: keys[0],
		try: func(ctx context.Context) bool {
			_, err := s.callWhole(ctx, script, keys, a)
			return err == nil
		},
		until: time.Now().Add(undoUntil),
	})
}

// runUndos runs undos one after the other, as soon as the server replies.
func (s *Store) runUndos(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-s.undos:
			for pause := firstPause; time.Now().Before(u.until) && !s.pending.isDone(u) && !u.try(ctx); pause = min(2*pause, undoPause) {
				if !sleep(ctx, pause+rand.N(pause)) { //nolint:gosec // spreads tries, no secret
					return
				}
			}
			s.pending.finish(u)
		}
	}
}

// undoReserve reports whether the server has replied.
func (s *Store) undoReserve(ctx context.Context, q reservation) bool {
	ctx, cancel := bounded(ctx)
	defer cancel()
	captcha := q.Captcha.Given && q.Captcha.UseKey != ""
	keys := []string{stateKey(q.Key)}
	if !s.cluster {
		for _, limit := range q.Shared {
			keys = append(keys, windowKey(limit))
		}
		if captcha {
			keys = append(keys, captchaKey(q.Captcha.UseKey))
		}
	}
	r, err := s.callWhole(ctx, undoReserveScript, keys,
		s.args(7).add(q.Request, q.attempt, q.Holder, q.Budget, q.Code.ID, s.cluster, captcha && !s.cluster))
	if err != nil {
		return false
	}
	if s.cluster && r.number(0) == 1 {
		s.returnShares(ctx, q, shares{limits: q.Shared, captcha: captcha})
		s.endUnverified(ctx, r, 1, false)
	}
	return true
}
