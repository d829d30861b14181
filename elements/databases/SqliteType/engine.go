package sqlitetype

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
)

// busyTimeout is how long a change waits for another process's.
const busyTimeout = 600 * time.Millisecond

// engine is one SQLite file: one connection that writes, some that read beside
// it. It opens on first use, so that making an instance touches nothing.
type engine struct {
	dir, path string // path is relative to dir

	mu            sync.Mutex
	opened        bool
	reads, writes *sql.DB
}

var _ sqldirectory.Engine = (*engine)(nil)

// open opens the file, making it when there is none.
func (e *engine) open() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.opened {
		return nil
	}
	if err := e.prepareFile(); err != nil {
		return &sqldirectory.FailureError{Reason: "file", Unavailable: true}
	}
	writes, err := sql.Open("sqlite", e.source(false))
	if err != nil {
		return failure(err)
	}
	reads, err := sql.Open("sqlite", e.source(true))
	if err != nil {
		_ = writes.Close()
		return failure(err)
	}
	writes.SetMaxOpenConns(1)
	readers := max(4, runtime.GOMAXPROCS(0))
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	e.reads, e.writes, e.opened = reads, writes, true
	return nil
}

// prepareFile makes the file, readable by its owner alone; SQLite gives the files
// beside it the same mode. A file that is there isn't opened: closing it would
// drop the locks that this process's other connections hold on it.
func (e *engine) prepareFile() error {
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(e.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if parent := filepath.Dir(e.path); parent != "." {
		if err := root.MkdirAll(parent, 0o700); err != nil {
			return err
		}
	}
	file, err := root.OpenFile(e.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return file.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Stat(e.path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return root.Chmod(e.path, 0o600)
	}
	return nil
}

func (e *engine) source(readOnly bool) string {
	pragmas := url.Values{}
	pragmas.Add("_pragma", "busy_timeout("+strconv.FormatInt(busyTimeout.Milliseconds(), 10)+")")
	pragmas.Add("_pragma", "journal_mode(WAL)")
	pragmas.Add("_pragma", "synchronous(FULL)")
	pragmas.Add("_pragma", "foreign_keys(1)")
	if readOnly {
		pragmas.Add("_pragma", "query_only(1)")
	} else {
		pragmas.Add("_txlock", "immediate")
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.Join(e.dir, e.path)}).EscapedPath(), RawQuery: pragmas.Encode()}
	return file.String()
}

// Migrate runs what is missing. Another process may be doing the same: each
// migration is a transaction that only one of them can commit, and who comes
// second looks again.
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
			return failure(err)
		case <-time.After(10 * time.Millisecond):
		}
		if fatal(err) {
			return failure(err)
		}
	}
}

// version is that of the schema, 0 when there is none.
func (e *engine) version(ctx context.Context) int64 {
	var version int64
	row := e.reads.QueryRowContext(ctx, sqldirectory.CurrentVersion.In(sqldirectory.SQLite))
	if row.Scan(&version) != nil {
		return 0
	}
	return version
}

// Read runs a statement on one of the connections that read.
func (e *engine) Read(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) error {
	_, err := runner{e.reads}.Run(ctx, s, each, args...)
	return err
}

// Run runs a statement as a transaction.
func (e *engine) Run(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) (int64, error) {
	return runner{e.writes}.Run(ctx, s, each, args...)
}

// Change runs a transaction that holds the file's one write lock from its start.
func (e *engine) Change(ctx context.Context, change func(sqldirectory.Runner) error) error {
	tx, err := e.writes.BeginTx(ctx, nil)
	if err != nil {
		return failure(err)
	}
	if err := change(runner{tx}); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return failure(err)
	}
	return nil
}

// Steps runs statements as one transaction.
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

// Close closes the file.
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
}

func (r runner) Run(ctx context.Context, s sqldirectory.Statement, each func(sqldirectory.Scan) error, args ...any) (int64, error) {
	text := s.In(sqldirectory.SQLite)
	if text == "" {
		return 0, nil
	}
	if each == nil {
		result, err := r.on.ExecContext(ctx, text, args...)
		if err != nil {
			return 0, failure(err)
		}
		n, err := result.RowsAffected()
		return n, err
	}
	rows, err := r.on.QueryContext(ctx, text, args...)
	if err != nil {
		return 0, failure(err)
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
		return n, failure(err)
	}
	return n, nil
}

// failure names what SQLite reports without quoting it.
func failure(err error) error {
	var reported *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &reported):
		code := reported.Code()
		f := &sqldirectory.FailureError{Reason: "SQLite " + strconv.Itoa(code)}
		switch code & 0xff {
		case sqlite3.SQLITE_CONSTRAINT:
			f.Unique = code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
		case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG:
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			f.Unavailable = true
		default: // interrupted, input and output, a damaged file
			f.Unavailable, f.Unknown = true, true
		}
		return f
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &sqldirectory.FailureError{Reason: "timeout", Unavailable: true, Unknown: true}
	}
	return &sqldirectory.FailureError{Reason: "SQLite", Unavailable: true, Unknown: true}
}

// fatal: trying again won't help.
func fatal(err error) bool {
	var reported *sqlite.Error
	if !errors.As(err, &reported) {
		return false
	}
	switch reported.Code() & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return false // another process was first
	}
	return true
}
