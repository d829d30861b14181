package sqlitetype

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"

	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
)

// background is the context of what the writer does: it works for many callers at
// once and outlives each of them.
var background = context.Background()

// options of the connection. What was written survives the process, not the machine.
var options = sqlitefile.Options{Pragmas: []string{
	"synchronous(NORMAL)", "journal_size_limit(16777216)", "cache_size(-8192)", "temp_store(MEMORY)",
}}

// The tables' names end in the number of their format. Values live for a day at
// most, so a new format begins with new tables.
var setup = []string{
	`CREATE TABLE IF NOT EXISTS cache_entry_1 (
		key BLOB PRIMARY KEY, value BLOB NOT NULL, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
	`CREATE INDEX IF NOT EXISTS cache_entry_1_expires ON cache_entry_1 (expires)`,
	`CREATE TABLE IF NOT EXISTS cache_window_1 (
		id INTEGER PRIMARY KEY, key BLOB NOT NULL, at INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT`,
	`CREATE INDEX IF NOT EXISTS cache_window_1_key ON cache_window_1 (key, at)`,
	`CREATE INDEX IF NOT EXISTS cache_window_1_expires ON cache_window_1 (expires)`,
}

// session is the writer's connection with its prepared statements.
type session struct {
	db   *sql.DB
	conn *sql.Conn

	begin, commit, rollback    *sql.Stmt
	get, put, del              *sql.Stmt
	nth, add, remove           *sql.Stmt
	purgeEntries, purgeWindows *sql.Stmt
}

// connect opens the file. While another process locks it, connect tries again until
// end.
func connect(file sqlitefile.File, end time.Time) (_ *session, err error) {
	if err := file.Prepare(); err != nil {
		return nil, err
	}
	s := &session{}
	if s.db, err = file.Open(options); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	s.db.SetMaxOpenConns(1)
	err = patiently(end, func() (err error) {
		s.conn, err = s.db.Conn(background)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, text := range setup {
		err = patiently(end, func() error {
			_, err := s.conn.ExecContext(background, text)
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
			*p.stmt, err = s.conn.PrepareContext(background, p.text) //nolint:sqlclosecheck // closed with its connection
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

// patiently repeats what fails because another process holds a lock. SQLite's own
// busy handler pauses for longer, so that a waiting process rarely gets its turn.
func patiently(end time.Time, try func() error) error {
	for {
		err := try()
		if err == nil || !sqlitefile.IsBusy(err) || time.Now().After(end) {
			return err
		}
		time.Sleep(200*time.Microsecond + rand.N(time.Millisecond)) //nolint:gosec // spreads tries, no secret
	}
}

func run(stmt *sql.Stmt, args ...any) (int64, error) {
	result, err := stmt.ExecContext(background, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
