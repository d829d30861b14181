package redistype

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lintel-run/lintel/elements/caches"
)

// taken is what a reservation has taken in steps of its own, to be given back
// when the identity refuses.
type taken struct {
	shared []caches.SharedLimit
	// counted is when each crowd counted the send; 0 for one that didn't.
	counted []int64
	mark    bool
}

// reserveApart is Reserve where what many share lies in other slots than the
// identity: proof, crowds and shared limits are taken one by one, then the
// identity's, and given back when it refuses. The order of the answers is that of
// the contract: before something shared refuses, the identity is asked what it
// would have said.
func (s *Store) reserveApart(ctx context.Context, q reservation) (answer caches.ReserveResult, err error) {
	var got taken
	defer func() {
		if err == nil && answer.Outcome != caches.Reserved {
			s.giveBack(ctx, q, got)
		}
	}()
	if s.maybeAsked(q) {
		peeked, code, err := s.reserve(ctx, q, true, nil)
		if err != nil || code != "" || peeked.Outcome == caches.Cooldown {
			return peeked, err
		}
		verdict, err := s.prove(ctx, q)
		if err != nil || verdict != caches.Reserved {
			return caches.ReserveResult{Outcome: verdict}, err
		}
		got.mark = q.Captcha.Given
		if peeked.Outcome != caches.Reserved {
			return peeked, nil
		}
	}
	for i, limit := range q.Shared {
		left, err := s.takeShared(ctx, limit, q.Code.ID)
		if err != nil {
			return caches.ReserveResult{}, err
		}
		if left <= 0 {
			got.shared = q.Shared[:i+1]
			continue
		}
		peeked, code, err := s.reserve(ctx, q, true, nil)
		if err != nil {
			return caches.ReserveResult{}, err
		}
		if code != "" {
			s.giveBackRepeat(ctx, q, got)
			return peeked, nil
		}
		if peeked.Outcome != caches.Reserved {
			return peeked, nil
		}
		return caches.ReserveResult{Outcome: caches.LimitReached, Limit: caches.LimitShared, Index: i, RetryAfter: left}, nil
	}
	if got.counted, err = s.count(ctx, q.RiskGroups); err != nil {
		return caches.ReserveResult{}, err
	}
	answer, code, err := s.reserve(ctx, q, false, got.counted)
	if err == nil && answer.Outcome == caches.Reserved && code != q.Code.ID {
		s.giveBackRepeat(ctx, q, got)
	}
	return answer, err
}

// maybeAsked says whether the answer depends on a proof.
func (s *Store) maybeAsked(q reservation) bool {
	return q.Captcha.Given || q.Captcha.Required || len(q.Captcha.RequiredWhenFull) > 0 ||
		slices.ContainsFunc(q.RiskGroups, func(c caches.RiskGroup) bool { return c.MinSends > 0 })
}

// prove checks the proof, and takes a right one, or says whether one is asked for.
func (s *Store) prove(ctx context.Context, q reservation) (caches.ReserveOutcome, error) {
	p := q.Captcha
	switch {
	case p.Given && p.UseKey == "":
		return caches.CaptchaWrong, nil
	case p.Given:
		reply, err := s.ask(ctx, proveScript, []string{markKey(p.UseKey)}, s.args(3).add(q.Request, p.Correct, p.UseTTL))
		return caches.ReserveOutcome(parsed(reply).text(0)), err
	case p.Required:
		return caches.CaptchaRequired, nil
	}
	asked := make([]bool, len(p.RequiredWhenFull)+len(q.RiskGroups))
	group, ctx := errgroup.WithContext(ctx)
	for i, limit := range p.RequiredWhenFull {
		group.Go(func() error {
			reply, err := s.ask(ctx, fullScript, []string{sharedKey(limit)}, s.args(2).add(limit.Window))
			asked[i] = parsed(reply).wait(0) > 0
			return err
		})
	}
	for i, c := range q.RiskGroups {
		group.Go(func() error {
			reply, err := s.ask(ctx, suspiciousScript, []string{crowdKey(c.Key)}, s.args(3).add(c.Per, c.MinSends, c.UnverifiedAfter))
			asked[len(p.RequiredWhenFull)+i] = parsed(reply).number(0) == 1
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	if slices.Contains(asked, true) {
		return caches.CaptchaRequired, nil
	}
	return caches.Reserved, nil
}

// count counts a send in its crowds. A reply that was lost may count it twice.
func (s *Store) count(ctx context.Context, crowds []caches.RiskGroup) ([]int64, error) {
	at := make([]int64, len(crowds))
	group, ctx := errgroup.WithContext(ctx)
	for i, c := range crowds {
		group.Go(func() error {
			reply, err := s.ask(ctx, countScript, []string{crowdKey(c.Key)}, s.args(1).add(c.Per))
			at[i] = parsed(reply).number(0)
			return err
		})
	}
	return at, group.Wait()
}

// tellApart tells crowds that a script has named at the end of its answer, from
// place on, that a send was verified, or is taken back. They are told with what
// is left of the time: a crowd that isn't told asks for a proof early, or late by
// one send.
func (s *Store) tellApart(ctx context.Context, reply []any, place int, verified bool) {
	var group errgroup.Group
	for p := parsed(reply); place+1 < len(p); place += 2 {
		at, key := p.number(place), p.text(place+1)
		group.Go(func() error {
			_, err := s.ask(ctx, tellScript, []string{key}, s.args(2).add(at, verified))
			return err
		})
	}
	_ = group.Wait()
}

func (s *Store) takeShared(ctx context.Context, limit caches.SharedLimit, member string) (time.Duration, error) {
	if limit.Window.Max <= 0 {
		return 0, nil
	}
	reply, err := s.ask(ctx, takeSharedScript, []string{sharedKey(limit)}, s.args(3).add(member, limit.Window))
	if err != nil {
		return 0, err
	}
	return parsed(reply).wait(0), nil
}

// giveBack gives back what was taken. It is done with what is left of the time: a
// member that stays makes a limit refuse early, never late.
func (s *Store) giveBack(ctx context.Context, q reservation, t taken) {
	s.giveShared(ctx, t.shared, q.Code.ID)
	for i, at := range t.counted {
		if at != 0 {
			_, _ = s.ask(ctx, tellScript, []string{crowdKey(q.RiskGroups[i].Key)}, s.args(2).add(at, false))
		}
	}
	if t.mark {
		_, _ = s.ask(ctx, unmarkScript, []string{markKey(q.Captcha.UseKey)}, s.args(1).add(q.Request))
	}
}

// giveBackRepeat is giveBack for a request whose reservation was made before: the
// proof that this one used stays used.
func (s *Store) giveBackRepeat(ctx context.Context, q reservation, t taken) {
	t.mark = false
	s.giveBack(ctx, q, t)
}

func (s *Store) giveShared(ctx context.Context, limits []caches.SharedLimit, member string) {
	for _, limit := range limits {
		if limit.Window.Max > 0 {
			_, _ = s.ask(ctx, giveSharedScript, []string{sharedKey(limit)}, s.args(1).add(member))
		}
	}
}
