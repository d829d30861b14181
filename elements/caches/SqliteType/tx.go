package sqlitetype

import (
	"database/sql"
	"errors"

	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// tx is the transaction of a batch of jobs. After the first error of SQLite it does
// nothing more, and is rolled back.
type tx struct {
	session *session
	err     error
	// wrote is set once something was written.
	wrote bool
}

func (t *tx) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// step runs one job's step. Its error is its own, or that of the transaction.
func (t *tx) step(now int64, run func(*otpstate.Step)) error {
	v := &values{tx: t, now: now}
	run(&otpstate.Step{Now: now, Values: v, Windows: v})
	if err := errors.Join(v.err, t.err); err != nil {
		return unavailable(err)
	}
	return nil
}

// values are what a job sees of the transaction.
type values struct {
	*tx
	now int64
	// err is about a value that can't be read. It doesn't concern other jobs.
	err error
}

func (v *values) failed() bool { return v.err != nil || v.tx.err != nil }

// Load implements otpstate.Values.
func (v *values) Load(n otpstate.Name) any {
	if v.failed() {
		return nil
	}
	var stored []byte
	var expires int64
	err := v.session.get.QueryRowContext(background, n.Bytes()).Scan(&stored, &expires)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		v.fail(err)
		return nil
	case expires <= v.now:
		return nil
	}
	value, err := otpstate.Decode(n.Kind, stored)
	if err != nil {
		v.err = err
		return nil
	}
	return value
}

// Keep implements otpstate.Values.
func (v *values) Keep(n otpstate.Name, value any, expires int64) {
	if v.failed() {
		return
	}
	if expires <= v.now {
		v.exec(v.session.del, n.Bytes())
		return
	}
	stored, err := otpstate.Encode(value)
	if err != nil {
		v.err = err
		return
	}
	v.exec(v.session.put, n.Bytes(), stored, expires)
}

// Nth implements otpstate.Windows.
func (v *values) Nth(key string, per int64, n int) (at int64, ok bool) {
	if v.failed() {
		return 0, false
	}
	err := v.session.nth.QueryRowContext(background, windowKey(key, per), v.now-per, n-1).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		v.fail(err)
	}
	return at, err == nil
}

// Add implements otpstate.Windows.
func (v *values) Add(key string, per, at int64) {
	v.exec(v.session.add, windowKey(key, per), at, at+per)
}

// Remove implements otpstate.Windows.
func (v *values) Remove(key string, per, at int64) {
	v.exec(v.session.remove, windowKey(key, per), at)
}

func (v *values) exec(stmt *sql.Stmt, args ...any) {
	if v.failed() {
		return
	}
	v.wrote = true
	if _, err := run(stmt, args...); err != nil {
		v.fail(err)
	}
}

func windowKey(key string, per int64) []byte {
	n := otpstate.WindowName(key, per)
	return []byte(n.Part + "\x00" + n.Key)
}
