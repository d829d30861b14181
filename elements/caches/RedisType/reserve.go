package redistype

import (
	"context"
	"errors"
	"time"

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
func (s *Store) Reserve(ctx context.Context, r caches.Reserve) (caches.Reserved, error) {
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
	answer, _, err := s.reserve(ctx, q, false)
	var f *failure
	if errors.As(err, &f) && f.unknown {
		s.undoLater(q)
	}
	return answer, err
}

// reserve runs the script on the identity, and on the shared limits where they
// are within reach. code is that of the reservation that the request has, if any. A
// peek changes nothing.
func (s *Store) reserve(ctx context.Context, q reservation, peek bool) (answer caches.Reserved, code string, err error) {
	keys := []string{stateKey(q.Key)}
	a := s.args(33).add(q.Request, q.attempt, peek, q.Holder, q.Bucket, q.Guesser,
		q.Code.ID, q.Code.MAC, q.Code.Decoy, q.TTL, q.Interval, len(q.Code.Purposes))
	for _, p := range q.Code.Purposes {
		a.add(p)
	}
	a.add(len(q.Sends))
	for _, w := range q.Sends {
		a.add(w)
	}
	a.add(q.Refusals, q.Guesses)
	if s.apart {
		a.add(0)
	} else {
		a.add(len(q.Shared))
		for _, limit := range q.Shared {
			keys = append(keys, sharedKey(limit))
			a.add(limit.Window)
		}
	}
	reply, err := s.ask(ctx, reserveScript, keys, a)
	if err != nil {
		return answer, "", err
	}
	p := parsed(reply)
	answer = caches.Reserved{
		Verdict: p.verdict(0), RetryAfter: p.wait(1), Limit: p.text(2), Index: int(p.number(3)),
	}
	if answer.Verdict == 0 {
		return caches.Reserved{}, "", &failure{reason: "the reservation was given up"}
	}
	if answer.Verdict == caches.OK {
		answer.CodeID = p.text(4)
	}
	return answer, p.text(4), nil
}

// reserveApart takes the shared limits one by one, then the identity's, and
// gives back what it took when the identity refuses. The order of the answers is
// that of the contract: when a shared limit refuses, the identity is asked first
// what it would have said.
func (s *Store) reserveApart(ctx context.Context, q reservation) (caches.Reserved, error) {
	for i, limit := range q.Shared {
		left, err := s.takeShared(ctx, limit, q.Code.ID)
		if err != nil {
			return caches.Reserved{}, err
		}
		if left <= 0 {
			continue
		}
		answer, code, err := s.reserve(ctx, q, true)
		if err != nil {
			return caches.Reserved{}, err
		}
		s.giveBack(ctx, q.Shared[:i], q.Code.ID)
		if answer.Verdict != caches.OK || code != "" {
			return answer, nil
		}
		return caches.Reserved{Verdict: caches.Limited, Limit: caches.LimitShared, Index: i, RetryAfter: left}, nil
	}
	answer, code, err := s.reserve(ctx, q, false)
	if err == nil && code != q.Code.ID {
		s.giveBack(ctx, q.Shared, q.Code.ID)
	}
	return answer, err
}

func (s *Store) takeShared(ctx context.Context, limit caches.Shared, member string) (time.Duration, error) {
	if limit.Window.Max <= 0 {
		return 0, nil
	}
	reply, err := s.ask(ctx, takeSharedScript, []string{sharedKey(limit)}, s.args(3).add(member, limit.Window))
	if err != nil {
		return 0, err
	}
	return parsed(reply).wait(0), nil
}

// giveBack takes a member out of shared limits. It is done with what is left of
// the time: a member that stays makes a limit refuse early, never late.
func (s *Store) giveBack(ctx context.Context, limits []caches.Shared, member string) {
	for _, limit := range limits {
		if limit.Window.Max > 0 {
			_, _ = s.ask(ctx, giveSharedScript, []string{sharedKey(limit)}, s.args(1).add(member))
		}
	}
}
