package redistype

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
)

// reservation is one call of Reserve. Its attempt tells it from an earlier call
// for the same request, which its caller was told had failed.
type reservation struct {
	*caches.Reserve
	attempt string
}

// Reserve implements caches.Store.
func (s *Store) Reserve(ctx context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	q := reservation{&r, uuid.NewString()}
	if s.apart {
		answer, err := s.reserveApart(ctx, q)
		if err != nil {
			s.undoLater(q)
		}
		return answer, err
	}
	answer, _, err := s.reserve(ctx, q, false, nil)
	var f *failure
	if errors.As(err, &f) && f.unknown {
		s.undoLater(q)
	}
	return answer, err
}

// reserve runs the script on the identity, and on what many share where that is
// within reach; where it isn't, counted says when each crowd counted the send.
// code is that of the reservation that the request has, if any. A peek changes
// nothing.
func (s *Store) reserve(ctx context.Context, q reservation, peek bool, counted []int64) (answer caches.ReserveResult, code string, err error) {
	keys := []string{stateKey(q.Key)}
	a := s.args(64).add(q.Request, q.attempt, peek, !s.apart, q.Holder, q.Bucket, q.Guesser,
		q.Code.ID, q.Code.MAC, q.Code.Decoy, q.TTL, q.Interval, len(q.Code.Purposes))
	for _, p := range q.Code.Purposes {
		a.add(p)
	}
	a.windows(q.Sends...).windows(q.Refusals).windows(q.Guesses)
	shared := func(limits []caches.SharedLimit) {
		if s.apart {
			limits = nil
		}
		a.add(len(limits))
		for _, limit := range limits {
			keys = append(keys, sharedKey(limit))
			a.add(limit.Window)
		}
	}
	shared(q.Shared)
	shared(q.Captcha.RequiredWhenFull)
	a.add(len(q.RiskGroups))
	for i, c := range q.RiskGroups {
		at := int64(0)
		if s.apart {
			if len(counted) > i {
				at = counted[i]
			}
		} else {
			keys = append(keys, crowdKey(c.Key))
		}
		a.add(crowdKey(c.Key), at, c.Per, c.MinSends, c.UnverifiedAfter)
	}
	p := q.Captcha
	a.add(p.Given, p.Correct, p.Required, p.UseKey != "", p.UseTTL)
	if p.UseKey != "" && !s.apart {
		keys = append(keys, markKey(p.UseKey))
	}
	reply, err := s.ask(ctx, reserveScript, keys, a)
	if err != nil {
		return answer, "", err
	}
	r := parsed(reply)
	answer = caches.ReserveResult{
		Outcome: caches.ReserveOutcome(r.text(0)), RetryAfter: r.wait(1), Limit: caches.Limit(r.text(2)), Index: int(r.number(3)),
	}
	if answer.Outcome == "" {
		return caches.ReserveResult{}, "", &failure{reason: "the reservation was given up"}
	}
	if answer.Outcome == caches.Reserved {
		answer.CodeID = r.text(4)
	}
	return answer, r.text(4), nil
}
