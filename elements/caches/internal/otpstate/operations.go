package otpstate

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
)

// Operation is a call of a store's method.
type Operation struct {
	// Run is the step that the store runs.
	Run func(*Step)
	// Undo, if not nil, undoes Run. A store calls it when its caller got an error
	// although Run has been run.
	Undo func(*Step)
	// Adds, if not nil, returns the names under which Run may add values.
	Adds func() []Name
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

// attempt returns an ID for a call, empty if the store undoes nothing.
func (o Operations) attempt() string {
	if o.undoes {
		return uuid.NewString()
	}
	return ""
}

func call[R any](ctx context.Context, o Operations, op Operation, run func(*Step) R) (R, error) {
	// A step that is run late must not write to what the caller got.
	var result, none R
	op.Run = func(s *Step) { result = run(s) }
	if err := o.do(ctx, op); err != nil {
		return none, err
	}
	return result, nil
}

// Reserve implements caches.ReservationStore.
func (o Operations) Reserve(ctx context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	return call(ctx, o, Operation{
		Undo: func(s *Step) { s.undoReserve(&r) },
		Adds: func() []Name { return reserveNames(&r) },
	}, func(s *Step) caches.ReserveResult { return s.reserve(&r) })
}

// Commit implements caches.ReservationStore.
func (o Operations) Commit(ctx context.Context, r caches.Reservation) error {
	return o.do(ctx, Operation{Run: func(s *Step) { s.commit(&r) }})
}

// Rollback implements caches.ReservationStore.
func (o Operations) Rollback(ctx context.Context, r caches.Reservation, refusals caches.Window) error {
	return o.do(ctx, Operation{Run: func(s *Step) { s.rollback(&r, refusals) }})
}

// Guess implements caches.CodeStore.
func (o Operations) Guess(ctx context.Context, g caches.Guess) (caches.GuessResult, error) {
	attempt := o.attempt()
	return call(ctx, o, Operation{
		Undo: func(s *Step) { s.undoGuess(&g, attempt) },
		Adds: func() []Name { return issueNames(g.Key, g.Issue) },
	}, func(s *Step) caches.GuessResult { return s.guess(&g, attempt) })
}

// EndClaim implements caches.CodeStore.
func (o Operations) EndClaim(ctx context.Context, e caches.EndClaim) error {
	op := Operation{Run: func(s *Step) { s.endClaim(&e) }}
	if e.Used {
		op.Adds = func() []Name { return append(issueNames(e.Key, e.Issue), stateName(e.Key)) }
	}
	return o.do(ctx, op)
}

// Token implements caches.TokenStore.
func (o Operations) Token(ctx context.Context, r caches.TokenRequest) (caches.TokenResult, error) {
	attempt := o.attempt()
	return call(ctx, o, Operation{Undo: func(s *Step) { s.undoToken(&r, attempt) }},
		func(s *Step) caches.TokenResult { return s.token(&r, attempt) })
}

// EndToken implements caches.TokenStore.
func (o Operations) EndToken(ctx context.Context, e caches.EndToken) error {
	return o.do(ctx, Operation{Run: func(s *Step) { s.endToken(&e) }})
}

// Issue implements caches.TokenStore.
func (o Operations) Issue(ctx context.Context, key string, i caches.Issue) error {
	return o.do(ctx, Operation{
		Run:  func(s *Step) { s.issue(key, &i) },
		Adds: func() []Name { return issueNames(key, &i) },
	})
}

// Begin implements caches.IdempotencyStore.
func (o Operations) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	return call(ctx, o, Operation{Adds: func() []Name { return []Name{recordName(b.Key)} }},
		func(s *Step) caches.BeginResult { return s.begin(&b) })
}

// Finish implements caches.IdempotencyStore.
func (o Operations) Finish(ctx context.Context, key, owner string, answer []byte, ttl time.Duration) error {
	return o.do(ctx, Operation{Run: func(s *Step) { s.finish(key, owner, answer, ttl) }})
}
