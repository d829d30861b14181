package sqldirectory

import (
	"context"
	"errors"
	"fmt"

	"github.com/lintel-run/lintel/elements/databases"
)

// Scan copies the columns of the current row.
type Scan func(into ...any) error

// Runner runs statements. each is called for every row; nil when no rows are
// wanted. The number is that of the rows changed. Every error is a *FailureError, or
// comes from each.
type Runner interface {
	Run(ctx context.Context, s Statement, each func(Scan) error, args ...any) (int64, error)
}

// Step is a statement whose answer doesn't matter.
type Step struct {
	Statement Statement
	Args      []any
}

// Engine is a database. All methods may be called from any goroutine and keep to
// the deadline of their context.
type Engine interface {
	// Read runs a statement that changes nothing.
	Read(ctx context.Context, s Statement, each func(Scan) error, args ...any) error
	// Runner changes something with one statement that is a transaction.
	Runner
	// Change runs a transaction; an error of change undoes it.
	Change(ctx context.Context, change func(Runner) error) error
	// Steps runs statements as one transaction, in one round trip where it can.
	Steps(ctx context.Context, steps ...Step) error
	// Migrate brings the schema up to date. It may be called by many processes at
	// once. When there is nothing to do it costs one small query.
	Migrate(ctx context.Context) error
	// Close ends the connections. Nothing is under way.
	Close() error
}

// FailureError is what went wrong in an Engine. Its text holds no value of a row and
// nothing of the connection's settings.
type FailureError struct {
	// Reason is a class of errors, such as a SQLSTATE.
	Reason string
	// Unavailable: the database can't be reached or is too slow.
	Unavailable bool
	// Unknown: it may have been done all the same.
	Unknown bool
	// Unique: another row has this key.
	Unique bool
}

// Error names the reason.
func (f *FailureError) Error() string {
	if f.Unavailable {
		return fmt.Sprintf("%v (%s)", databases.ErrUnavailable, f.Reason)
	}
	return "the database refused a statement (" + f.Reason + ")"
}

// Is makes it a databases.ErrUnavailable.
func (f *FailureError) Is(target error) bool {
	return f.Unavailable && target == databases.ErrUnavailable
}

func isUnique(err error) bool {
	var f *FailureError
	return errors.As(err, &f) && f.Unique
}
