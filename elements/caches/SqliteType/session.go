package sqlitetype

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// detached is the context of what the writer does: it works for many callers at
// once and outlives each of them.
var detached = context.Background()

// session is the writer's connection with its prepared statements.
type session struct {
	db   *sql.DB
	conn *sql.Conn

	begin, commit, rollback    *sql.Stmt
	get, put, del              *sql.Stmt
	nth, add, remove           *sql.Stmt
	purgeEntries, purgeWindows *sql.Stmt
}

// connect opens the file; what is locked by another process is tried again
// until end.
func connect(dataDir, file string, end time.Time) (_ *session, err error) {
	if err := prepare(dataDir, file); err != nil {
		return nil, err
	}
	s := &session{}
	if s.db, err = open(file); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.conn, err = s.db.Conn(detached); err != nil {
		return nil, err
	}
	for _, text := range setup {
		err = patiently(end, func() error {
			_, err := s.conn.ExecContext(detached, text)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&s.begin, `BEGIN IMMEDIATE`},
		{&s.commit, `COMMIT`},
		{&s.rollback, `ROLLBACK`},
		{&s.get, `SELECT value, expires FROM cache_entry_1 WHERE key = ?1`},
		{&s.put, `INSERT INTO cache_entry_1 (key, value, expires) VALUES (?1, ?2, ?3)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires`},
		{&s.del, `DELETE FROM cache_entry_1 WHERE key = ?1`},
		{&s.nth, `SELECT at FROM cache_window_1 WHERE key = ?1 AND at > ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3`},
		{&s.add, `INSERT INTO cache_window_1 (key, at, expires) VALUES (?1, ?2, ?3)`},
		{&s.remove, `DELETE FROM cache_window_1 WHERE id = (SELECT id FROM cache_window_1 WHERE key = ?1 AND at = ?2 LIMIT 1)`},
		{&s.purgeEntries, `DELETE FROM cache_entry_1 WHERE key IN
			(SELECT key FROM cache_entry_1 WHERE expires <= ?1 ORDER BY expires LIMIT ?2)`},
		{&s.purgeWindows, `DELETE FROM cache_window_1 WHERE id IN
			(SELECT id FROM cache_window_1 WHERE expires <= ?1 ORDER BY expires LIMIT ?2)`},
	} {
		err = patiently(end, func() (err error) {
			*p.stmt, err = s.conn.PrepareContext(detached, p.text) //nolint:sqlclosecheck // closed with its connection
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *session) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	_ = s.db.Close()
}

// patiently repeats what fails because another process holds a lock.
func patiently(end time.Time, try func() error) error {
	for {
		err := try()
		if err == nil || !busy(err) || time.Now().After(end) {
			return err
		}
		time.Sleep(200*time.Microsecond + rand.N(time.Millisecond)) //nolint:gosec // spreads tries, no secret
	}
}

func busy(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

func run(stmt *sql.Stmt, args ...any) (int64, error) {
	result, err := stmt.ExecContext(detached, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
