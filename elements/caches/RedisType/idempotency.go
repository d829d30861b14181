package redistype

import (
	"context"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// Begin implements caches.IdempotencyStore.
func (s *Store) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	r, err := s.call(ctx, beginScript, s.recordKeys(b.Key, b.Budgets),
		s.args(9).add(b.Owner, b.Fingerprint, b.Lease, b.TTL, b.Budgets.SpentTTL, b.Budgets.Sender.Window, b.Budgets.All.Window))
	if err != nil {
		return caches.BeginResult{}, err
	}
	result := caches.BeginResult{Outcome: caches.BeginOutcome(r.text(0))}
	switch result.Outcome {
	case caches.BeginStarted:
		result.TTL = r.wait(1)
		if s.cluster && r.number(3) == 1 {
			return s.spendInCluster(ctx, b, result)
		}
	case caches.BeginSpent:
		result.RetryAfter = r.wait(1)
	case caches.BeginDone:
		result.Answer = r.bytes(2)
	case caches.BeginBusy, caches.BeginMismatch:
	}
	return result, nil
}

// spendInCluster takes the budgets of a request that has begun. If its sender's is spent,
// the request is forgotten.
func (s *Store) spendInCluster(ctx context.Context, b caches.Begin, started caches.BeginResult) (caches.BeginResult, error) {
	left, err := s.spend(ctx, b.Budgets.Sender, 1, b.TTL, false)
	if err != nil {
		return caches.BeginResult{}, err
	}
	if left > 0 {
		err := s.Finish(ctx, caches.Finish{Key: b.Key, Owner: b.Owner})
		return caches.BeginResult{Outcome: caches.BeginSpent, RetryAfter: left}, err
	}
	left, err = s.spend(ctx, b.Budgets.All, 1, b.TTL, true)
	if left > 0 {
		started.TTL = min(b.TTL, b.Budgets.SpentTTL)
	}
	return started, err
}

// spend takes n of a budget that lies in a slot of its own, and returns how long until
// it wasn't spent.
func (s *Store) spend(ctx context.Context, budget caches.SharedLimit, n int, ttl time.Duration, overspend bool) (time.Duration, error) {
	if budget.Window.Max <= 0 {
		return 0, nil
	}
	r, err := s.call(ctx, spendScript, []string{budgetKey(budget.Key)}, s.args(5).add(budget.Window, n, ttl, overspend))
	return r.wait(0), err
}

// Finish implements caches.IdempotencyStore.
func (s *Store) Finish(ctx context.Context, f caches.Finish) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	cost := f.Budgets.Cost(f.Answer)
	r, err := s.call(ctx, finishScript, s.recordKeys(f.Key, f.Budgets),
		s.args(9).add(f.Owner, f.Answer != nil, string(f.Answer), f.TTL, cost, f.Budgets.Sender.Window, f.Budgets.All.Window))
	if err != nil || !s.cluster || cost == 0 || r.number(0) == 0 {
		return err
	}
	for _, budget := range []caches.SharedLimit{f.Budgets.Sender, f.Budgets.All} {
		if _, err := s.spend(ctx, budget, cost, f.TTL, true); err != nil {
			return err
		}
	}
	return nil
}

// recordKeys returns the keys of a record's script.
func (s *Store) recordKeys(key string, b caches.Budgets) []string {
	if s.cluster {
		return []string{recordKey(key)}
	}
	return []string{recordKey(key), budgetKey(b.Sender.Key), budgetKey(b.All.Key)}
}
