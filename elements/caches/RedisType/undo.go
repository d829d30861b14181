package redistype

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// undosWaiting is how many reservations may wait to be taken back. What finds
	// no place keeps its cooldown.
	undosWaiting = 1024
	// undoPause is the longest pause between tries while the server is away.
	undoPause = time.Second
)

// undo is a reservation whose caller was told that it failed while the server
// may have made it: without the answer nothing will be sent, so that the
// identity must not wait for its interval.
type undo struct {
	reservation
	// until is when the cooldown and the code are over by themselves.
	until time.Time
}

func (s *Store) undoLater(q reservation) {
	select {
	case s.undos <- undo{q, time.Now().Add(max(q.Interval, q.TTL))}:
	default:
		s.log.Warn("too many reservations wait to be taken back")
	}
}

// undoAll takes reservations back, one after the other, as soon as the server
// answers.
func (s *Store) undoAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-s.undos:
			for pause := firstPause; time.Now().Before(u.until) && !s.undo(ctx, u.reservation); pause = min(2*pause, undoPause) {
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
	marked := q.Proof.Given && q.Proof.Mark != ""
	keys := []string{stateKey(q.Key)}
	if !s.apart {
		for _, limit := range q.Shared {
			keys = append(keys, sharedKey(limit))
		}
		if marked {
			keys = append(keys, markKey(q.Proof.Mark))
		}
	}
	reply, err := s.ask(ctx, undoScript, keys,
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
