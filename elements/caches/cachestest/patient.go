package cachestest

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// patience is how long an operation is repeated on a busy machine.
const patience = 2 * time.Minute

// patient is a store whose operations are repeated, as their callers do, while a busy
// machine makes them unavailable: the result of the same request is the same.
type patient struct{ caches.Store }

// patient returns the stores with patience.
func (o Opened) patient() Opened {
	others := make([]caches.Store, len(o.Others))
	for i, s := range o.Others {
		others[i] = patient{s}
	}
	o.Store, o.Others = patient{o.Store}, others
	return o
}

func repeat(ctx context.Context, run func() error) error {
	for end := time.Now().Add(patience); ; {
		err := run()
		if !errors.Is(err, caches.ErrUnavailable) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		time.Sleep(rand.N(200 * time.Millisecond)) //nolint:gosec // spreads calls, no secret
	}
}

func result[R any](ctx context.Context, run func() (R, error)) (r R, err error) {
	err = repeat(ctx, func() (err error) { r, err = run(); return err })
	return r, err
}

// Reserve implements caches.Store.
func (p patient) Reserve(ctx context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	return result(ctx, func() (caches.ReserveResult, error) { return p.Store.Reserve(ctx, r) })
}

// Commit implements caches.Store.
func (p patient) Commit(ctx context.Context, r caches.Reservation) error {
	return repeat(ctx, func() error { return p.Store.Commit(ctx, r) })
}

// Rollback implements caches.Store.
func (p patient) Rollback(ctx context.Context, r caches.Reservation, refusal caches.Refusal) error {
	return repeat(ctx, func() error { return p.Store.Rollback(ctx, r, refusal) })
}

// Guess implements caches.Store.
func (p patient) Guess(ctx context.Context, g caches.Guess) (caches.GuessResult, error) {
	return result(ctx, func() (caches.GuessResult, error) { return p.Store.Guess(ctx, g) })
}

// EndClaim implements caches.Store.
func (p patient) EndClaim(ctx context.Context, e caches.EndClaim) error {
	return repeat(ctx, func() error { return p.Store.EndClaim(ctx, e) })
}

// Issue implements caches.Store.
func (p patient) Issue(ctx context.Context, key string, i caches.Issue) error {
	return repeat(ctx, func() error { return p.Store.Issue(ctx, key, i) })
}

// Token implements caches.Store.
func (p patient) Token(ctx context.Context, t caches.TokenRequest) (caches.TokenResult, error) {
	return result(ctx, func() (caches.TokenResult, error) { return p.Store.Token(ctx, t) })
}

// EndToken implements caches.Store.
func (p patient) EndToken(ctx context.Context, e caches.EndToken) error {
	return repeat(ctx, func() error { return p.Store.EndToken(ctx, e) })
}

// Begin implements caches.Store.
func (p patient) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	return result(ctx, func() (caches.BeginResult, error) { return p.Store.Begin(ctx, b) })
}

// Finish implements caches.Store.
func (p patient) Finish(ctx context.Context, f caches.Finish) error {
	return repeat(ctx, func() error { return p.Store.Finish(ctx, f) })
}
