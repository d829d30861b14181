package sqldirectory

import (
	"context"
	"errors"
	"fmt"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime/element"
)

// Scan copies the columns of the current row.
type Scan func(into ...any) error

// Runner runs statements.
type Runner interface {
	// Run runs a statement, calls each for every row unless it is nil, and returns the
	// number of rows that were changed. Its errors are *FailureErrors and those of each.
	Run(ctx context.Context, s Statement, each func(Scan) error, args ...any) (int64, error)
}

// Step is a statement without a result.
type Step struct {
	Statement Statement
	Args      []any
}

// Engine is a database. All methods are safe for concurrent use and keep to the
// deadline of their context.
type Engine interface {
	// Runner's Run is a transaction.
	Runner
	// Read runs a statement that changes nothing.
	Read(ctx context.Context, s Statement, each func(Scan) error, args ...any) error
	// Change runs a transaction, and rolls it back if change returns an error.
	Change(ctx context.Context, change func(Runner) error) error
	// Steps runs statements as one transaction, in one round trip if possible.
	Steps(ctx context.Context, steps ...Step) error
	// Test runs a step as Steps does, and checks on the way whether Tables can be written.
	// What it writes need not be durable.
	Test(ctx context.Context, step Step) error
	// Migrate brings the schema up to date. Many processes may call it at once. If
	// there is nothing to do, it costs one small query.
	Migrate(ctx context.Context) error
	// Close closes the connections. No other call is in progress.
	Close() error
}

// FailureError is the failure of an Engine. Its text contains no value of a row and no
// secret.
type FailureError struct {
	// Reason is what happened, with its code, and the cure if there is one.
	Reason string
	// Unavailable means that the database can't be reached, can't be written or is too
	// slow.
	Unavailable bool
	// Misconfigured means that waiting doesn't end it.
	Misconfigured bool
	// Full means that there is no more space.
	Full bool
	// TimedOut means that the time was up: the reason is elsewhere.
	TimedOut bool
	// Unknown means that the statement may have been run.
	Unknown bool
	// Unique means that another row has the same key.
	Unique bool
}

// Error returns the reason in words.
func (f *FailureError) Error() string {
	if f.Unavailable {
		return fmt.Sprintf("%v: %s", databases.ErrUnavailable, f.Reason)
	}
	return "the database refused a statement (" + f.Reason + ")"
}

// Is reports whether f is target, one of packages databases and element.
func (f *FailureError) Is(target error) bool {
	switch target {
	case databases.ErrUnavailable:
		return f.Unavailable
	case databases.ErrNotMade:
		return !f.Unknown
	case element.ErrMisconfigured:
		return f.Misconfigured
	}
	return false
}

// timeout is the failure of what took too long.
func timeout() *FailureError {
	return &FailureError{Reason: "timeout", Unavailable: true, TimedOut: true}
}

func isUnique(err error) bool {
	var f *FailureError
	return errors.As(err, &f) && f.Unique
}
