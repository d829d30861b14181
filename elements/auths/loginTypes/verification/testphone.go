package verification

import (
	"context"
	"crypto/subtle"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

// testEntry is the entry of a test phone.
type testEntry struct {
	id   string
	code string
	// off is set after too many wrong guesses, until the configuration changes. Such
	// a phone still gets no message, and no code opens it.
	off bool
}

// testEntry returns the entry of an identity, nil if there is none.
func (r *request) testEntry(ctx context.Context, identity string, entry *elementv1.TestEntry) (*testEntry, error) {
	if entry.GetCode() == "" {
		return nil, nil
	}
	id := r.keys.entry(r.call.Element, identity, entry.GetCode())
	wrong, err := r.dir.WrongTestGuesses(ctx, id)
	if err != nil {
		return nil, errStore(err)
	}
	return &testEntry{id: id, code: entry.GetCode(), off: wrong >= testGuesses}, nil
}

// testEntryOfOwner is testEntry for the identity's user.
func (r *request) testEntryOfOwner(ctx context.Context, identity string, entry *elementv1.TestEntry) (*testEntry, error) {
	e, err := r.testEntry(ctx, identity, entry)
	if err != nil || e == nil {
		return nil, err
	}
	user, err := r.owner(ctx, identity)
	if err != nil {
		return nil, err
	}
	return e.forUser(user), nil
}

// forUser returns the entry if its code may log in the user: one who registered
// with a test phone, or who is yet to register. Otherwise it returns nil, so that
// the guess is compared with codes that were sent and no test code matches.
func (e *testEntry) forUser(user *databases.User) *testEntry {
	if user == nil || user.Test {
		return e
	}
	return nil
}

// countTestGuess counts a wrong guess of an entry, also one that was not compared
// because the code is locked: guessing on must not be free.
func (r *request) countTestGuess(ctx context.Context, entry *testEntry, digits string) error {
	if entry == nil || subtle.ConstantTimeCompare([]byte(entry.code), []byte(digits)) == 1 {
		return nil
	}
	wrong, err := r.dir.WrongTestGuess(ctx, entry.id)
	if err != nil {
		return errStore(err)
	}
	if wrong == testGuesses {
		r.logger.WarnContext(ctx, "a test phone's entry is off until it changes: too many wrong guesses", "element", r.call.Element)
	}
	return nil
}
