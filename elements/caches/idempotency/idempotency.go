// Package idempotency keeps the HTTP server's answers to repeated requests in the
// app's default cache. It knows neither requests nor what an answer holds.
package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// In returns the default cache of an app as the server's store of answers.
func In(app extension.App) extension.OpenAnswers {
	return func() (extension.AnswerStore, func(), error) {
		instance, release, err := app.BuiltinDefault(element.DefaultCache)
		if err != nil {
			return nil, nil, err
		}
		cache, ok := instance.(caches.IdempotencyStore)
		if !ok {
			release()
			return nil, nil, errcode.New(errcode.Internal, "the default cache is no cache")
		}
		return store{cache}, release, nil
	}
}

type store struct{ cache caches.IdempotencyStore }

var outcomes = map[caches.BeginOutcome]extension.AttemptOutcome{
	caches.BeginStarted:  extension.AttemptStarted,
	caches.BeginBusy:     extension.AttemptBusy,
	caches.BeginDone:     extension.AttemptDone,
	caches.BeginMismatch: extension.AttemptMismatch,
	caches.BeginSpent:    extension.AttemptSpent,
}

// The budgets of what is remembered, in requests and KiB of answers. A request and its
// answer take 0.5 to 1.5 KiB of a store.
const (
	// senderBudget is what an address may have remembered. Past it, requests with a key
	// are refused: served without being remembered, a repeat would be done twice.
	senderBudget = 10_000
	// wholeBudget is that of all addresses. Past it, answers are kept for spentKeep:
	// whoever has many addresses can make others' repeats come too late, but can neither
	// refuse others nor fill the store.
	wholeBudget = 100_000
	spentKeep   = time.Minute
)

func budgets(a extension.Attempt) caches.Budgets {
	return caches.Budgets{
		Sender:   caches.SharedLimit{Key: "answers of " + a.Sender, Window: caches.Window{Max: senderBudget, Per: a.Keep}},
		All:      caches.SharedLimit{Key: "answers", Window: caches.Window{Max: wholeBudget, Per: a.Keep}},
		SpentTTL: spentKeep,
	}
}

func (s store) Begin(ctx context.Context, a extension.Attempt) (extension.AttemptResult, error) {
	r, err := s.cache.Begin(ctx, caches.Begin{
		Key: a.Key, Owner: a.Owner, Fingerprint: a.Fingerprint, Lease: a.Lease, TTL: a.Keep, Budgets: budgets(a),
	})
	if err != nil {
		return extension.AttemptResult{}, coded(err)
	}
	return extension.AttemptResult{Outcome: outcomes[r.Outcome], Answer: r.Answer, Keep: r.TTL, RetryAfter: r.RetryAfter}, nil
}

func (s store) Finish(ctx context.Context, a extension.Attempt, answer []byte) error {
	return coded(s.cache.Finish(ctx, caches.Finish{Key: a.Key, Owner: a.Owner, Answer: answer, TTL: a.Keep, Budgets: budgets(a)}))
}

// coded returns the error of a cache with a code.
func coded(err error) error {
	if _, has := errcode.As(err); !has && errors.Is(err, caches.ErrUnavailable) {
		return errcode.Wrap(err, errcode.StoreUnavailable, "the cache can't be reached").After(time.Second)
	}
	return err
}
