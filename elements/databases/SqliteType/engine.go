package sqlitetype

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
)

// busyTimeout is how long a change waits for that of another process.
const busyTimeout = 600 * time.Millisecond

// engine is a SQLite file with one connection that writes, and some that read beside
// it. The first use opens it.
type engine struct {
	file sqlitefile.File

	mu            sync.Mutex
	opened        bool
	reads, writes *sql.DB
	// tests has one connection, which stays open: while there is one, SQLite keeps the
	// files beside the database.
	tests *sql.DB
	held  atomic.Pointer[sqlitefile.Held]
}

var _ sqldirectory.Engine = (*engine)(nil)

// open opens the file, and creates it if there is none.
func (e *engine) open() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.opened {
		return nil
	}
	if err := e.file.Prepare(); err != nil {
		return failure(err, false)
	}
	pragmas := []string{
		"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")", "synchronous(FULL)", "foreign_keys(1)",
	}
	writes, err := e.file.Open(sqlitefile.Options{Pragmas: pragmas, Immediate: true})
	if err != nil {
		return failure(err, false)
	}
	reads, err := e.file.Open(sqlitefile.Options{Pragmas: append(pragmas, "query_only(1)")})
	if err != nil {
		_ = writes.Close()
		return failure(err, false)
	}
	// A test write need not be durable.
	tests, err := e.file.Open(sqlitefile.Options{Pragmas: append(pragmas, "synchronous(NORMAL)"), Immediate: true})
	if err != nil {
		_, _ = reads.Close(), writes.Close()
		return failure(err, false)
	}
	tests.SetMaxOpenConns(1)
	writes.SetMaxOpenConns(1)
	readers := max(4, runtime.GOMAXPROCS(0))
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	e.reads, e.writes, e.tests, e.opened = reads, writes, tests, true
	return nil
}

// Migrate runs the migrations that are missing. Other processes may do the same: each
// migration is a transaction that only one of them commits; the others look again.
func (e *engine) Migrate(ctx context.Context) error {
	if err := e.open(); err != nil {
		return err
	}
	var err error
	for {
		if e.version(ctx) >= sqldirectory.Version {
			return e.hold(ctx)
		}
		if err = sqldirectory.MigrateUp(ctx, e.writes, sqldirectory.SQLite); err == nil {
			return e.hold(ctx)
		}
		select {
		case <-ctx.Done():
			return failure(err, false)
		case <-time.After(10 * time.Millisecond):
		}
		if fatal(err) {
			return failure(err, false)
		}
	}
}

// hold notices from now on if the file is removed or replaced.
func (e *engine) hold(ctx context.Context) error {
	var version int64
	if err := e.tests.QueryRowContext(ctx, sqldirectory.CurrentVersion.In(sqldirectory.SQLite)).Scan(&version); err != nil {
		return failure(err, false)
	}
	if e.held.Load() != nil {
		return nil
	}
	held, err := e.file.Hold()
	if err != nil {
		return failure(err, false)
	}
	e.held.Store(held)
	return nil
}

// check fails if the file was removed or replaced.
func (e *engine) check() error {
	if held := e.held.Load(); held != nil {
		return failure(held.Check(), false)
	}
	return nil
}

// version returns the version of the schema, 0 if there is none.
func (e *engine) version(ctx context.Context) int64 {
	var version int64
	row := e.reads.QueryRowContext(ctx, sqldirectory.CurrentVersion.In(sqldirectory.SQLite))
	if row.Scan(&version) != nil {
		return 0
	}
	return version
}

// Read implements sqldirectory.Engine.
func (e *engine) Read(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) error {
	if err := e.check(); err != nil {
		return err
	}
	_, err := runner{e.reads, false}.Run(ctx, s, each, args...)
	return err
}

// Run implements sqldirectory.Runner.
func (e *engine) Run(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) (int64, error) {
	if err := e.check(); err != nil {
		return 0, err
	}
	return runner{e.writes, true}.Run(ctx, s, each, args...)
}

// Test implements sqldirectory.Engine. Every table is in the file, so one stands for
// all.
func (e *engine) Test(ctx context.Context, step sqldirectory.Step) error {
	if err := e.check(); err != nil {
		return err
	}
	_, err := runner{e.tests, true}.Run(ctx, step.Statement, nil, step.Args...)
	return err
}

// Change implements sqldirectory.Engine. The transaction holds the write lock from its
// start.
func (e *engine) Change(ctx context.Context, change func(sqldirectory.Runner) error) error {
	if err := e.check(); err != nil {
		return err
	}
	tx, err := e.writes.BeginTx(ctx, nil)
	if err != nil {
		return failure(err, false)
	}
	if err := change(runner{tx, false}); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return commitFailure(err)
	}
	return nil
}

// Steps implements sqldirectory.Engine.
func (e *engine) Steps(ctx context.Context, steps ...sqldirectory.Step) error {
	return e.Change(ctx, func(r sqldirectory.Runner) error {
		for _, step := range steps {
			if _, err := r.Run(ctx, step.Statement, nil, step.Args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close implements sqldirectory.Engine.
func (e *engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.opened {
		return nil
	}
	e.opened = false
	if held := e.held.Load(); held != nil {
		defer held.Release()
	}
	return errors.Join(e.reads.Close(), e.tests.Close(), e.writes.Close())
}

// runner runs statements on a pool or in a transaction.
type runner struct {
	on interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	// commits is set if each statement is a transaction.
	commits bool
}

func (r runner) Run(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) (int64, error) {
	text := s.In(sqldirectory.SQLite)
	if text == "" {
		return 0, nil
	}
	if each == nil {
		result, err := r.on.ExecContext(ctx, text, args...)
		if err != nil {
			return 0, failure(err, r.commits)
		}
		n, err := result.RowsAffected()
		return n, err
	}
	rows, err := r.on.QueryContext(ctx, text, args...)
	if err != nil {
		return 0, failure(err, r.commits)
	}
	defer func() { _ = rows.Close() }()
	var n int64
	for rows.Next() {
		n++
		if err := each(rows.Scan); err != nil {
			return n, err
		}
	}
	if err := rows.Err(); err != nil {
		return n, failure(err, r.commits)
	}
	return n, nil
}

// commitFailure describes a commit that failed. An error that isn't SQLite's means that
// the transaction had ended before.
func commitFailure(err error) error {
	described := failure(err, false)
	if f, ok := errors.AsType[*sqldirectory.FailureError](described); ok {
		_, f.Unknown = sqlitefile.Code(err)
	}
	return described
}

// failure describes an error of SQLite without quoting it. If commits is set, the
// statement may have been a transaction's last all the same.
func failure(err error, commits bool) error {
	if err == nil {
		return nil
	}
	f := &sqldirectory.FailureError{Reason: sqlitefile.Reason(err), Full: sqlitefile.IsFull(err)}
	f.Misconfigured = sqlitefile.IsMisconfigured(err)
	if f.Misconfigured {
		f.Unavailable = true
		return f
	}
	code, ok := sqlitefile.Code(err)
	if !ok {
		f.Unavailable, f.Unknown = true, commits
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			f.Reason, f.TimedOut = "timeout", true
		}
		return f
	}
	switch code & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		f.Unique = code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG:
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN:
		f.Unavailable = true
	default: // interrupted, input and output
		f.Unavailable, f.Unknown = true, commits
	}
	return f
}

// fatal reports whether a failed migration fails again. It doesn't if another
// process was first.
func fatal(err error) bool {
	code, ok := sqlitefile.Code(err)
	if !ok {
		return false
	}
	primary := code & 0xff
	return !sqlitefile.IsBusy(err) && primary != sqlite3.SQLITE_ERROR && primary != sqlite3.SQLITE_CONSTRAINT
}
