package otpstate

import (
	"context"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
)

// Operation is a call of a store's method.
type Operation interface {
	// Run is the step that the store runs.
	Run(s *Step)
	// Undo undoes Run. A store calls it if its caller got an error although Run has
	// been run.
	Undo(s *Step)
	// Adds returns the names under which Run may add values.
	Adds() []Name
}

// Operations implements caches.Store, except Ready, by steps of a store.
type Operations struct {
	do     func(context.Context, Operation) error
	undoes bool
}

// NewOperations returns the operations of a store that runs them with do. A store
// undoes if do may return an error for an operation that it has run.
func NewOperations(do func(context.Context, Operation) error, undoes bool) Operations {
	return Operations{do: do, undoes: undoes}
}

// operation is a call with arguments A and a result R. What the caller gets is not read
// from it after an error, since the step may still run.
type operation[A, R any] struct {
	args A
	// attempt tells this call from others of the same request.
	attempt string
	result  R
	run     func(s *Step, args *A, attempt string) R
	undo    func(s *Step, args *A, attempt string)
	adds    func(args *A) []Name
}

func (o *operation[A, R]) Run(s *Step) { o.result = o.run(s, &o.args, o.attempt) }

func (o *operation[A, R]) Undo(s *Step) {
	if o.undo != nil {
		o.undo(s, &o.args, o.attempt)
	}
}

func (o *operation[A, R]) Adds() []Name {
	if o.adds == nil {
		return nil
	}
	return o.adds(&o.args)
}

func call[A, R any](ctx context.Context, o Operations, op *operation[A, R]) (R, error) {
	if o.undoes {
		op.attempt = uuid.NewString()
	}
	if err := o.do(ctx, op); err != nil {
		var none R
		return none, err
	}
	return op.result, nil
}

// none is the result of an operation without one.
type none = struct{}

// Reserve implements caches.ReservationStore.
func (o Operations) Reserve(ctx context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	return call(ctx, o, &operation[caches.Reserve, caches.ReserveResult]{
		args: r, run: (*Step).reserve, undo: (*Step).undoReserve, adds: reserveNames,
	})
}

// Commit implements caches.ReservationStore.
func (o Operations) Commit(ctx context.Context, r caches.Reservation) error {
	_, err := call(ctx, o, &operation[caches.Reservation, none]{args: r, run: (*Step).commit})
	return err
}

// Rollback implements caches.ReservationStore.
func (o Operations) Rollback(ctx context.Context, r caches.Reservation, refused caches.Refusal) error {
	_, err := call(ctx, o, &operation[caches.Reservation, none]{
		args: r, run: func(s *Step, r *caches.Reservation, _ string) (_ none) { s.rollback(r, refused); return },
	})
	return err
}

// Guess implements caches.CodeStore.
func (o Operations) Guess(ctx context.Context, g caches.Guess) (caches.GuessResult, error) {
	return call(ctx, o, &operation[caches.Guess, caches.GuessResult]{
		args: g, run: (*Step).guess, undo: (*Step).undoGuess,
		adds: func(g *caches.Guess) []Name { return append(sharedNames(g.Shared), issueNames(g.Key, g.Issue)...) },
	})
}

// EndClaim implements caches.CodeStore.
func (o Operations) EndClaim(ctx context.Context, e caches.EndClaim) error {
	_, err := call(ctx, o, &operation[caches.EndClaim, none]{args: e, run: (*Step).endClaim, adds: endClaimNames})
	return err
}

// Token implements caches.TokenStore.
func (o Operations) Token(ctx context.Context, r caches.TokenRequest) (caches.TokenResult, error) {
	return call(ctx, o, &operation[caches.TokenRequest, caches.TokenResult]{args: r, run: (*Step).token, undo: (*Step).undoToken})
}

// EndToken implements caches.TokenStore.
func (o Operations) EndToken(ctx context.Context, e caches.EndToken) error {
	_, err := call(ctx, o, &operation[caches.EndToken, none]{args: e, run: (*Step).endToken})
	return err
}

// Issue implements caches.TokenStore.
func (o Operations) Issue(ctx context.Context, key string, i caches.Issue) error {
	_, err := call(ctx, o, &operation[caches.Issue, none]{
		args: i,
		run:  func(s *Step, i *caches.Issue, _ string) (_ none) { s.issue(key, i); return },
		adds: func(i *caches.Issue) []Name { return issueNames(key, i) },
	})
	return err
}

// Begin implements caches.IdempotencyStore.
func (o Operations) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	return call(ctx, o, &operation[caches.Begin, caches.BeginResult]{
		args: b, run: (*Step).begin, adds: beginNames,
	})
}

// Finish implements caches.IdempotencyStore.
func (o Operations) Finish(ctx context.Context, f caches.Finish) error {
	_, err := call(ctx, o, &operation[caches.Finish, none]{args: f, run: (*Step).finish})
	return err
}
