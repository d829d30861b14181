package verification

import (
	"context"
	"errors"
	"math"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
)

// guess is a code that a caller presents, and what to do if it is right.
type guess struct {
	identity string
	holder   string
	purpose  string
	digits   string
	// userID is the user to log in. A code that has registered this very user, without
	// anybody getting the answer, still logs them in.
	userID string
	// entry is the test phone's entry to compare with; nil: a code that was sent.
	entry *testEntry
	then  caches.Then
	issue *caches.Issue
}

// match is a code that a guess was right about. A claimed one belongs to request.
type match struct {
	request string
	key     string
	holder  string
	codeID  string
}

// usedError reports that a right code was used by an earlier request, whose answer
// was lost.
type usedError struct {
	use databases.Use
}

func (usedError) Error() string { return "the code has been used" }

// compare compares a guess with the codes of its holder. Its errors are answers,
// except usedError.
func (r *request) compare(ctx context.Context, g guess) (match, error) {
	if g.entry != nil && g.entry.off {
		if len(g.digits) != len(g.entry.code) {
			return match{}, r.errDigits()
		}
		return match{}, errRejected()
	}
	budget, err := r.budget(ctx, g.identity)
	if err != nil {
		return match{}, err
	}
	step := caches.Guess{
		Key:         r.key(g.identity, g.entry),
		Holder:      r.holder(g.holder),
		Budget:      budget,
		Purpose:     g.purpose,
		MAC:         r.keys.code(r.call.Element, g.identity, g.holder, g.entry != nil, g.digits),
		Length:      len(g.digits),
		FreshLength: r.policy.CodeLength,
		Attempts:    r.policy.MaxAttempts,
		Guesses:     wrongGuesses,
		Shared:      r.guessLimits(budget),
		Then:        g.then,
		ClaimFor:    claimFor,
		Issue:       g.issue,
	}
	// The step is named after all that its result depends on, so that only a true
	// repeat gets the same result.
	step.Request = r.keys.step(r.id, g.step(), step.Key, step.Holder, step.MAC)
	result, err := r.store.Guess(ctx, step)
	if err != nil {
		return match{}, errStore(err)
	}
	if result.Outcome == caches.GuessUnresolved {
		if err := r.resolve(ctx, g, match{step.Request, step.Key, step.Holder, result.CodeID}); err != nil {
			return match{}, err
		}
		step.Cleared = result.CodeID
		step.Request = r.keys.step(r.id, g.step()+" cleared", step.Key, step.Holder, step.MAC, result.CodeID)
		if result, err = r.store.Guess(ctx, step); err != nil {
			return match{}, errStore(err)
		}
	}
	switch result.Outcome {
	case caches.GuessMisfit:
		return match{}, r.errDigits()
	case caches.GuessRight:
		return match{step.Request, step.Key, step.Holder, result.CodeID}, nil
	case caches.GuessUnresolved: // another request claimed it in between
		return match{}, errBusy()
	case caches.GuessWrong, caches.GuessLocked:
		if err := r.countTestGuess(ctx, g.entry, g.digits); err != nil {
			return match{}, err
		}
	default:
	}
	return match{}, errGuess(result)
}

// guessLimits returns the limit of wrong guesses from the caller's address. Those of an
// identity's owner count as well, but the limit doesn't lock an owner out.
func (r *request) guessLimits(budget string) []caches.SharedLimit {
	address := r.call.Caller.Address
	if address == "" {
		return nil
	}
	limit := r.policy.addressGuesses()
	if budget == ownersBudget {
		limit.Max = math.MaxInt32
	}
	return []caches.SharedLimit{{Key: r.keys.addressGuesses(address), Window: limit}}
}

// resolve asks the database whether the claim of a code that expired was for a
// change that was made. It returns nil if the code may be used.
func (r *request) resolve(ctx context.Context, g guess, m match) error {
	use, err := r.dir.CodeUse(ctx, m.codeID)
	switch {
	case errors.Is(err, databases.ErrNotFound):
		return nil
	case err != nil:
		return errStore(err)
	case g.mayFollow(use):
		return nil
	}
	if use.Kind != purposeRegister {
		_ = r.endClaim(ctx, m, true, nil)
	}
	return usedError{use}
}

// mayFollow reports whether a code that registered a user may also log in that user.
// The session has the code's ID, unique, so there is at most one.
func (g guess) mayFollow(use databases.Use) bool {
	return use.Kind == purposeRegister && g.userID != "" && use.UserID == g.userID && g.then == caches.Consume
}

// step names the step after its purpose and what it does with a right code.
func (g guess) step() string {
	switch g.then {
	case caches.Consume:
		return g.purpose + " take"
	case caches.Claim:
		return g.purpose + " claim"
	default:
		return g.purpose + " look"
	}
}

// rejectUsed turns a usedError into the answer to a used code.
func rejectUsed(err error) error {
	var used usedError
	if errors.As(err, &used) {
		return errRejected()
	}
	return err
}
