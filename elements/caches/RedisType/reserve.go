package redistype

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
)

// reservation is a call of Reserve. Its attempt tells it from other calls of the same
// request.
type reservation struct {
	*caches.Reserve
	attempt string
}

// Reserve implements caches.ReservationStore.
func (s *Store) Reserve(ctx context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	q := reservation{&r, uuid.NewString()}
	s.undoFirst(ctx, stateKey(r.Key))
	if s.cluster {
		result, err := s.reserveInCluster(ctx, q)
		if err != nil {
			s.undoReserveLater(q)
		}
		return result, err
	}
	result, _, err := s.reserve(ctx, q, false, nil)
	var f *failure
	if errors.As(err, &f) && f.unknown {
		s.undoReserveLater(q)
	}
	return result, err
}

// reserve runs the script on the identity, and except in a Cluster on what it shares. In a
// Cluster, counted is when each risk group counted the send. code is the code that the
// request has reserved, if any. A peek changes nothing.
func (s *Store) reserve(ctx context.Context, q reservation, peek bool, counted []int64) (result caches.ReserveResult, code string, err error) {
	keys := []string{stateKey(q.Key)}
	a := s.args(64).add(q.Request, q.attempt, peek, s.cluster, q.Holder, q.Budget,
		q.Code.ID, q.Code.MAC, q.Code.Length, q.Code.Decoy, q.TTL, q.Interval, len(q.Code.Purposes))
	for _, p := range q.Code.Purposes {
		a.add(p)
	}
	a.windows(q.Sends...).windows(q.Refusals).windows(q.Guesses)
	keys = append(keys, s.limits(a, q.Shared)...)
	keys = append(keys, s.limits(a, q.Captcha.RequiredWhenFull)...)
	a.add(len(q.RiskGroups))
	for i, g := range q.RiskGroups {
		sent := int64(0)
		if !s.cluster {
			keys = append(keys, groupKey(g.Key))
		} else if i < len(counted) {
			sent = counted[i]
		}
		a.add(groupKey(g.Key), sent, g.Per, g.MinSends, g.UnverifiedAfter)
	}
	c := q.Captcha
	a.add(c.Given, c.Correct, c.Required, c.UseKey != "", c.UseTTL)
	if c.UseKey != "" && !s.cluster {
		keys = append(keys, captchaKey(c.UseKey))
	}
	r, err := s.call(ctx, reserveScript, keys, a)
	if err != nil {
		return result, "", err
	}
	result = caches.ReserveResult{
		Outcome: caches.ReserveOutcome(r.text(0)), RetryAfter: r.wait(1), Limit: caches.Limit(r.text(2)), Index: int(r.number(3)),
	}
	if result.Outcome == "" {
		return caches.ReserveResult{}, "", &failure{reason: "the reservation was undone"}
	}
	if result.Outcome == caches.Reserved {
		result.CodeID = r.text(4)
	}
	return result, r.text(4), nil
}

// Commit implements caches.ReservationStore.
func (s *Store) Commit(ctx context.Context, r caches.Reservation) error {
	_, err := s.call(ctx, commitScript, []string{stateKey(r.Key)}, s.args(3).add(r.Request, r.Holder, r.CodeID))
	return err
}

// Rollback implements caches.ReservationStore.
func (s *Store) Rollback(ctx context.Context, r caches.Reservation, refused caches.Refusal) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	keys := []string{stateKey(r.Key)}
	if !s.cluster {
		for _, limit := range r.Shared {
			keys = append(keys, windowKey(limit))
		}
	}
	rolledBack, err := s.call(ctx, rollbackScript, keys,
		s.args(8).add(r.Request, r.Holder, r.Budget, r.CodeID, s.cluster, refused.Count, refused.KeepCooldown))
	if err != nil {
		return err
	}
	if s.cluster && rolledBack.number(0) == 1 {
		s.returnLimits(ctx, r.Shared, r.CodeID)
		s.endUnverified(ctx, rolledBack, 1, false)
	}
	return nil
}
