package redistype

import (
	"context"
	"errors"
	"math/rand/v2"
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
	// try reports whether the server has replied.
	try func(ctx context.Context) bool
	// until is when it doesn't matter any more.
	until time.Time
}

// undoReserveLater undoes a reservation: without a result nothing is sent, so the identity
// must not wait for its interval.
func (s *Store) undoReserveLater(q reservation) {
	until := time.Now().Add(max(q.Interval, q.TTL))
	s.undoLater(pendingUndo{func(ctx context.Context) bool { return s.undoReserve(ctx, q) }, until})
}

func (s *Store) undoLater(u pendingUndo) {
	select {
	case s.undos <- u:
	default:
		s.log.Warn("too many operations wait to be undone")
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
	s.undoLater(pendingUndo{func(ctx context.Context) bool {
		ctx, cancel := bounded(ctx)
		defer cancel()
		_, err := s.callWhole(ctx, script, keys, a)
		return err == nil
	}, time.Now().Add(undoUntil)})
}

// runUndos runs undos one after the other, as soon as the server replies.
func (s *Store) runUndos(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-s.undos:
			for pause := firstPause; time.Now().Before(u.until) && !u.try(ctx); pause = min(2*pause, undoPause) {
				if !sleep(ctx, pause+rand.N(pause)) { //nolint:gosec // spreads tries, no secret
					return
				}
			}
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
		s.args(7).add(q.Request, q.attempt, q.Holder, q.Bucket, q.Code.ID, s.cluster, captcha && !s.cluster))
	if err != nil {
		return false
	}
	if s.cluster && r.number(0) == 1 {
		s.returnShares(ctx, q, shares{limits: q.Shared, captcha: captcha})
		s.endUnverified(ctx, r, 1, false)
	}
	return true
}
