package redistype

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// undosWaiting is how many steps may wait to be taken back. A reservation that
	// finds no place keeps its cooldown, a code stays taken.
	undosWaiting = 1024
	// undoPause is the longest pause between tries while the server is away.
	undoPause = 150 * time.Millisecond
	// backAtOnce is what taking something back may take before the caller is told
	// that it failed, and backWithin how long it is tried afterwards: no code lives
	// longer.
	backAtOnce = 80 * time.Millisecond
	backWithin = 10 * time.Minute
)

// undo is a step whose caller was told that it failed while the server may have
// made it.
type undo struct {
	// try says whether the server has answered.
	try func(ctx context.Context) bool
	// until is when it doesn't matter any more.
	until time.Time
}

// undoLater takes a reservation back: without the answer nothing will be sent, so
// that the identity must not wait for its interval.
func (s *Store) undoLater(q reservation) {
	until := time.Now().Add(max(q.Interval, q.TTL))
	s.later(undo{func(ctx context.Context) bool { return s.undo(ctx, q) }, until})
}

func (s *Store) later(u undo) {
	select {
	case s.undos <- u:
	default:
		s.log.Warn("too many steps wait to be taken back")
	}
}

// boundedTaking bounds a step that may have to be taken back: the step itself, and
// the whole, in which backAtOnce is left for that.
func boundedTaking(ctx context.Context) (whole, step context.Context, cancel context.CancelFunc) {
	end := time.Now().Add(bound)
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(end) {
		end = earlier
	}
	whole, endWhole := context.WithDeadline(ctx, end)
	step, endStep := context.WithDeadline(whole, end.Add(-backAtOnce))
	return whole, step, func() { endStep(); endWhole() }
}

// takeBack frees what a guess or a call of Token took while its caller is told of
// err: at once where the server can be asked in what is left of the time, so that
// the caller finds it free, else later.
func (s *Store) takeBack(ctx context.Context, err error, request, attempt string, keys []string, script *redis.Script, more ...any) {
	var f *failure
	if !errors.As(err, &f) || !f.unknown {
		return
	}
	a := s.args(4).add(request, attempt).add(more...)
	if s.tellOnce(ctx, script, keys, a) {
		return
	}
	s.later(undo{func(ctx context.Context) bool {
		ctx, cancel := bounded(ctx)
		defer cancel()
		_, err := s.tell(ctx, script, keys, a)
		return err == nil
	}, time.Now().Add(backWithin)})
}

// undoAll takes steps back, one after the other, as soon as the server
// answers.
func (s *Store) undoAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-s.undos:
			for pause := firstPause; time.Now().Before(u.until) && !u.try(ctx); pause = min(2*pause, undoPause) {
				if !rest(ctx, pause+rand.N(pause)) { //nolint:gosec // spreads tries, no secret
					return
				}
			}
		}
	}
}

// undo says whether the server has answered.
func (s *Store) undo(ctx context.Context, q reservation) bool {
	ctx, cancel := bounded(ctx)
	defer cancel()
	marked := q.Captcha.Given && q.Captcha.UseKey != ""
	keys := []string{stateKey(q.Key)}
	if !s.apart {
		for _, limit := range q.Shared {
			keys = append(keys, sharedKey(limit))
		}
		if marked {
			keys = append(keys, markKey(q.Captcha.UseKey))
		}
	}
	reply, err := s.tell(ctx, undoScript, keys,
		s.args(7).add(q.Request, q.attempt, q.Holder, q.Bucket, q.Code.ID, !s.apart, marked && !s.apart))
	if err != nil {
		return false
	}
	if s.apart && parsed(reply).number(0) == 1 {
		s.giveBack(ctx, q, taken{shared: q.Shared, mark: marked})
		s.tellApart(ctx, reply, 1, false)
	}
	return true
}

// rest waits; false says that ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
