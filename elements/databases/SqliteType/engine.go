package sqlitetype

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strconv"
	"sync"
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
		return &sqldirectory.FailureError{Reason: sqlitefile.Reason(err), Unavailable: true}
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
	writes.SetMaxOpenConns(1)
	readers := max(4, runtime.GOMAXPROCS(0))
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	e.reads, e.writes, e.opened = reads, writes, true
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
			return nil
		}
		if err = sqldirectory.MigrateUp(ctx, e.writes, sqldirectory.SQLite); err == nil {
			return nil
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
	_, err := runner{e.reads, false}.Run(ctx, s, each, args...)
	return err
}

// Run implements sqldirectory.Runner.
func (e *engine) Run(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) (int64, error) {
	return runner{e.writes, true}.Run(ctx, s, each, args...)
}

// Change implements sqldirectory.Engine. The transaction holds the write lock from its
// start.
func (e *engine) Change(ctx context.Context, change func(sqldirectory.Runner) error) error {
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
	return errors.Join(e.reads.Close(), e.writes.Close())
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
	f := failure(err, false).(*sqldirectory.FailureError)
	_, f.Unknown = sqlitefile.Code(err)
	return f
}

// failure describes an error of SQLite without quoting it. If commits is set, the
// statement may have been a transaction's last all the same.
func failure(err error, commits bool) error {
	if err == nil {
		return nil
	}
	f := &sqldirectory.FailureError{Reason: sqlitefile.Reason(err)}
	code, ok := sqlitefile.Code(err)
	if !ok {
		f.Unavailable, f.Unknown = true, commits
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			f.Reason = "timeout"
		}
		return f
	}
	switch code & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		f.Unique = code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG:
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		f.Unavailable = true
	default: // interrupted, input and output, a damaged file
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
