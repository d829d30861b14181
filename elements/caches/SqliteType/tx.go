package sqlitetype

import (
	"database/sql"
	"errors"
	"strconv"

	"modernc.org/sqlite"

	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// tx is the transaction that an operation runs in. The first SQL error stays and
// dooms the whole transaction.
type tx struct {
	session *session
	now     func() int64
	err     error
}

// The kinds of entries.
func stateKey(key string) []byte       { return []byte("s" + key) }
func tokenKey(key, hash string) []byte { return []byte("t" + key + "\x00" + hash) }
func repeatKey(key string) []byte      { return []byte("b" + key) }
func crowdKey(key string) []byte       { return []byte("y" + key) }
func markKey(key string) []byte        { return []byte("m" + key) }
func windowKey(key string, per int64) []byte {
	return []byte(strconv.FormatInt(per, 36) + "\x00" + key)
}

// get gives what is kept under a key, nil if there is nothing, or nothing any more.
func (t *tx) get(key []byte, now int64) ([]byte, error) {
	var value []byte
	var expires int64
	err := t.session.get.QueryRowContext(detached, key).Scan(&value, &expires)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, t.fail(err)
	case expires <= now:
		return nil, nil
	}
	return value, nil
}

func (t *tx) put(key, value []byte, expires, now int64) error {
	if t.err != nil {
		return unavailable(t.err)
	}
	var err error
	if expires <= now {
		_, err = run(t.session.del, key)
	} else {
		_, err = run(t.session.put, key, value, expires)
	}
	return t.fail(err)
}

func (t *tx) fail(err error) error {
	if err == nil {
		return nil
	}
	if t.err == nil {
		t.err = err
	}
	return unavailable(err)
}

// counters is the transaction as otpstate.Counters; errors stay in it.
type counters struct {
	*tx
	now int64
}

var _ otpstate.Counters = counters{}

// Nth implements otpstate.Counters.
func (c counters) Nth(key string, per int64, n int) (at int64, ok bool) {
	if c.err != nil {
		return 0, false
	}
	err := c.session.nth.QueryRowContext(detached, windowKey(key, per), c.now-per, n-1).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false
	}
	return at, c.fail(err) == nil
}

// Add implements otpstate.Counters.
func (c counters) Add(key string, per, at int64) {
	if c.err == nil {
		_, err := run(c.session.add, windowKey(key, per), at, at+per)
		_ = c.fail(err)
	}
}

// Remove implements otpstate.Counters.
func (c counters) Remove(key string, per, at int64) {
	if c.err == nil {
		_, err := run(c.session.remove, windowKey(key, per), at)
		_ = c.fail(err)
	}
}

// reason names an error without the path that its text may hold.
func reason(err error) string {
	var e *sqlite.Error
	switch {
	case errors.As(err, &e):
		return "SQLite error " + strconv.Itoa(e.Code())
	case errors.Is(err, errOutside):
		return errOutside.Error()
	}
	return "the file can't be opened"
}
