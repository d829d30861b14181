package verification

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
)

// guess is a comparison that an operation asks for.
type guess struct {
	identity string
	holder   string
	purpose  string
	digits   string
	attempts int
	// user is whose login the code is to open: a code that has made this very user,
	// without anybody having learned so, opens it.
	user string
	// entry is the test phone's entry whose code may match; nil: delivered codes.
	entry *testEntry
	then  caches.Then
	issue *caches.Issue
}

// right is a code that a guess matched. A claimed one stays with request.
type right struct {
	request string
	key     string
	holder  string
	codeID  string
}

// usedError says that the code was right, but an earlier request, whose answer
// was lost, had used it.
type usedError struct {
	use databases.Use
}

func (usedError) Error() string { return "the code has been used" }

// guess compares, and does with a right code what g.then says. Errors are
// answers, but for usedError.
func (o *operation) guess(ctx context.Context, g guess) (right, error) {
	guesser, err := o.guesser(ctx, g.holder, g.identity)
	if err != nil {
		return right{}, err
	}
	step := caches.Guess{
		Key:      o.key(g.identity),
		Holder:   g.holder,
		Bucket:   guesser,
		Purpose:  g.purpose,
		MAC:      o.keys.code(o.call.Element, g.identity, g.holder, g.entry != nil, g.digits),
		Attempts: g.attempts,
		Guesses:  wrongGuesses,
		Then:     g.then,
		ClaimFor: claimFor,
		Issue:    g.issue,
	}
	// The request's name says all that its answer depends on, so that only a true
	// repeat is answered as one.
	step.Request = o.keys.request(o.id, guessStep(g), step.Key, step.Holder, step.MAC)
	answer, err := o.store.Guess(ctx, step)
	if err != nil {
		if g.then == caches.Consume {
			o.lost.put(o.bringing(g), o.id)
		}
		return right{}, errStore(err)
	}
	if answer.Outcome == caches.GuessUnresolved {
		use, err := o.dir.CodeUse(ctx, answer.CodeID)
		switch {
		case err == nil && g.opens(use):
		case err == nil:
			if use.Kind != purposeRegister {
				_ = o.endClaim(ctx, right{step.Request, step.Key, step.Holder, answer.CodeID}, true, nil)
			}
			return right{}, usedError{use}
		case !errors.Is(err, databases.ErrNotFound):
			return right{}, errStore(err)
		}
		step.Cleared = answer.CodeID
		step.Request = o.keys.request(o.id, guessStep(g)+" cleared", step.Key, step.Holder, step.MAC, answer.CodeID)
		if answer, err = o.store.Guess(ctx, step); err != nil {
			return right{}, errStore(err)
		}
	}
	switch answer.Outcome {
	case caches.GuessRight:
		return right{step.Request, step.Key, step.Holder, answer.CodeID}, nil
	case caches.GuessUnresolved:
		return right{}, errBusy()
	case caches.GuessWrong, caches.GuessLocked:
		if err := o.countTestGuess(ctx, g.entry, g.digits); err != nil {
			return right{}, err
		}
	default:
	}
	return right{}, errGuess(answer)
}

// opens says whether a code that was used so is right all the same. The session that
// it opens carries the code's id, so there is one at most.
func (g guess) opens(use databases.Use) bool {
	return use.Kind == purposeRegister && g.user != "" && use.UserID == g.user && g.then == caches.Consume
}

// guessStep names a step after its purpose and what it does with a right code.
func guessStep(g guess) string {
	switch g.then {
	case caches.Consume:
		return g.purpose + " take"
	case caches.Claim:
		return g.purpose + " claim"
	default:
		return g.purpose + " look"
	}
}

// rejectUsed turns a usedError into the answer that a used code gets.
func rejectUsed(err error) error {
	var used usedError
	if errors.As(err, &used) {
		return errRejected()
	}
	return err
}
