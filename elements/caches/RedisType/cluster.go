package redistype

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lintel-run/lintel/elements/caches"
)

// In a Cluster, what identities share lies in other slots than an identity's state, so
// that no script can reach both. A reservation then takes it in steps before, and returns
// it if the identity's script refuses.

// shares are what a reservation has taken outside its identity's slot.
type shares struct {
	limits []caches.SharedLimit
	// counted is when each risk group counted the send; 0 if it didn't.
	counted []int64
	captcha bool
}

// reserveInCluster is Reserve in a Cluster. To return the same as one script would, it
// peeks at the identity before something shared refuses.
func (s *Store) reserveInCluster(ctx context.Context, q reservation) (result caches.ReserveResult, err error) {
	var got shares
	defer func() {
		if err == nil && result.Outcome != caches.Reserved {
			s.returnShares(ctx, q, got)
		}
	}()
	if mayNeedCaptcha(q) {
		peeked, code, err := s.reserve(ctx, q, true, nil)
		if err != nil || code != "" || peeked.Outcome == caches.Cooldown {
			return peeked, err
		}
		outcome, err := s.checkCaptcha(ctx, q)
		if err != nil || outcome != caches.Reserved {
			return caches.ReserveResult{Outcome: outcome}, err
		}
		got.captcha = q.Captcha.Given
		if peeked.Outcome != caches.Reserved {
			return peeked, nil
		}
	}
	for i, limit := range q.Shared {
		left, err := s.takeLimit(ctx, limit, q.Code.ID)
		if err != nil {
			return caches.ReserveResult{}, err
		}
		if left <= 0 {
			got.limits = q.Shared[:i+1]
			continue
		}
		peeked, code, err := s.reserve(ctx, q, true, nil)
		if err != nil {
			return caches.ReserveResult{}, err
		}
		if code != "" {
			s.returnOfRepeat(ctx, q, got)
			return peeked, nil
		}
		if peeked.Outcome != caches.Reserved {
			return peeked, nil
		}
		return caches.ReserveResult{Outcome: caches.LimitReached, Limit: caches.LimitShared, Index: i, RetryAfter: left}, nil
	}
	if got.counted, err = s.countInGroups(ctx, q.RiskGroups); err != nil {
		return caches.ReserveResult{}, err
	}
	result, code, err := s.reserve(ctx, q, false, got.counted)
	if err == nil && result.Outcome == caches.Reserved && code != q.Code.ID {
		s.returnOfRepeat(ctx, q, got)
	}
	return result, err
}

// mayNeedCaptcha reports whether the result depends on a captcha.
func mayNeedCaptcha(q reservation) bool {
	return q.Captcha.Given || q.Captcha.Required || len(q.Captcha.RequiredWhenFull) > 0 ||
		slices.ContainsFunc(q.RiskGroups, func(g caches.RiskGroup) bool { return g.MinSends > 0 })
}

// checkCaptcha uses the captcha of a send if it is correct. Without one, it checks whether
// one is required.
func (s *Store) checkCaptcha(ctx context.Context, q reservation) (caches.ReserveOutcome, error) {
	c := q.Captcha
	switch {
	case c.Given && c.UseKey == "":
		return caches.CaptchaWrong, nil
	case c.Given:
		r, err := s.call(ctx, checkCaptchaScript, []string{captchaKey(c.UseKey)}, s.args(4).add(q.Request, q.attempt, c.Correct, c.UseTTL))
		return caches.ReserveOutcome(r.text(0)), err
	case c.Required:
		return caches.CaptchaRequired, nil
	}
	required := make([]bool, len(c.RequiredWhenFull)+len(q.RiskGroups))
	group, ctx := errgroup.WithContext(ctx)
	for i, limit := range c.RequiredWhenFull {
		group.Go(func() error {
			r, err := s.call(ctx, windowFullScript, []string{windowKey(limit)}, s.args(2).add(limit.Window))
			required[i] = r.wait(0) > 0
			return err
		})
	}
	for i, g := range q.RiskGroups {
		group.Go(func() error {
			r, err := s.call(ctx, groupSuspiciousScript, []string{groupKey(g.Key)}, s.args(3).add(g.Per, g.MinSends, g.UnverifiedAfter))
			required[len(c.RequiredWhenFull)+i] = r.number(0) == 1
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	if slices.Contains(required, true) {
		return caches.CaptchaRequired, nil
	}
	return caches.Reserved, nil
}

// countInGroups counts a send in its risk groups, and returns when each of them did. A
// group may count a send twice if a reply was lost.
func (s *Store) countInGroups(ctx context.Context, groups []caches.RiskGroup) ([]int64, error) {
	counted := make([]int64, len(groups))
	group, ctx := errgroup.WithContext(ctx)
	for i, g := range groups {
		group.Go(func() error {
			r, err := s.call(ctx, countGroupScript, []string{groupKey(g.Key)}, s.args(1).add(g.Per))
			counted[i] = r.number(0)
			return err
		})
	}
	return counted, group.Wait()
}

// endUnverified verifies a send, or takes it back, in the groups that a script has left:
// the times and keys at the end of its reply, from place on. It uses what is left of the
// time. A group that isn't reached requires a captcha early, or late by one send.
func (s *Store) endUnverified(ctx context.Context, r reply, place int, verified bool) {
	var group errgroup.Group
	for ; place+1 < len(r); place += 2 {
		sent, key := r.number(place), r.text(place+1)
		group.Go(func() error {
			_, err := s.call(ctx, endUnverifiedScript, []string{key}, s.args(2).add(sent, verified))
			return err
		})
	}
	_ = group.Wait()
}

// takeLimit takes one of a shared limit, or returns how long until there is one.
func (s *Store) takeLimit(ctx context.Context, limit caches.SharedLimit, member string) (time.Duration, error) {
	if limit.Window.Max <= 0 {
		return 0, nil
	}
	r, err := s.call(ctx, takeWindowScript, []string{windowKey(limit)}, s.args(3).add(member, limit.Window))
	return r.wait(0), err
}

// takeGuesses takes the shared limits of a guess. If one is full, it returns the guess's
// result.
func (s *Store) takeGuesses(ctx context.Context, g *caches.Guess, attempt string) (caches.GuessResult, error) {
	for i, limit := range g.Shared {
		left, err := s.takeLimit(ctx, limit, attempt)
		if err != nil {
			return caches.GuessResult{}, err
		}
		if left <= 0 {
			continue
		}
		s.returnLimits(ctx, g.Shared[:i], attempt)
		keys, a := s.guessArgs(g, "", true)
		peeked, err := s.call(ctx, guessScript, keys, a)
		if err != nil || peeked.text(0) != "" {
			return guessResult(peeked), err
		}
		return caches.GuessResult{Outcome: caches.GuessLocked, RetryAfter: left}, nil
	}
	return caches.GuessResult{}, nil
}

// returnShares returns what was taken, in what is left of the time. A member that stays
// makes a limit refuse early, never late.
func (s *Store) returnShares(ctx context.Context, q reservation, got shares) {
	s.returnLimits(ctx, got.limits, q.Code.ID)
	for i, sent := range got.counted {
		if sent != 0 {
			_, _ = s.call(ctx, endUnverifiedScript, []string{groupKey(q.RiskGroups[i].Key)}, s.args(2).add(sent, false))
		}
	}
	if got.captcha {
		_, _ = s.call(ctx, returnCaptchaScript, []string{captchaKey(q.Captcha.UseKey)}, s.args(1).add(q.attempt))
	}
}

// returnOfRepeat is returnShares for a request that had reserved before: the captcha that
// it used stays used.
func (s *Store) returnOfRepeat(ctx context.Context, q reservation, got shares) {
	got.captcha = false
	s.returnShares(ctx, q, got)
}

func (s *Store) returnLimits(ctx context.Context, limits []caches.SharedLimit, member string) {
	for _, limit := range limits {
		if limit.Window.Max > 0 {
			_, _ = s.call(ctx, returnWindowScript, []string{windowKey(limit)}, s.args(1).add(member))
		}
	}
}
