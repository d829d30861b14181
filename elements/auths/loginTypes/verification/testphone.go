package verification

import (
	"context"
	"crypto/subtle"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

// testEntry is a test phone's entry that is on.
type testEntry struct {
	id   string
	code string
}

// testEntry gives the entry of an identity, nil when it is none or off: such a
// phone is like any other.
func (o *operation) testEntry(ctx context.Context, identity string, entry *elementv1.TestEntry) (*testEntry, error) {
	if entry.GetCode() == "" {
		return nil, nil
	}
	id := o.keys.entry(o.call.Element, identity, entry.GetCode())
	wrong, err := o.dir.WrongTestGuesses(ctx, id)
	if err != nil {
		return nil, errStore(err)
	}
	if wrong >= testGuesses {
		return nil, nil
	}
	return &testEntry{id: id, code: entry.GetCode()}, nil
}

// opens says whether the entry's code may open the user: one made through a test
// phone, or one that is yet to be made. Any other user's guesses are compared as
// delivered codes are, so that no test code can match.
func (e *testEntry) opens(user *databases.User) bool {
	return e != nil && (user == nil || user.Test)
}

// countTestGuess counts a wrong guess of an entry, also one that was not compared
// because the code is locked: trying on must not be free.
func (o *operation) countTestGuess(ctx context.Context, entry *testEntry, digits string) error {
	if entry == nil || subtle.ConstantTimeCompare([]byte(entry.code), []byte(digits)) == 1 {
		return nil
	}
	wrong, err := o.dir.WrongTestGuess(ctx, entry.id)
	if err != nil {
		return errStore(err)
	}
	if wrong == testGuesses {
		o.logger.Warn("a test phone's entry is off until it changes: too many wrong guesses", "element", o.call.Element)
	}
	return nil
}
