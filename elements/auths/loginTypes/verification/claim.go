package verification

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
)

// change makes a change in the database that a claimed code pays for, and ends
// the claim by its outcome:
//
//   - made: the code is used, and issue, if any, is kept;
//   - refused for good: the code is free again;
//   - paid for before by another request: the code is used, and was no right one;
//   - not known: the claim is left to run out. Whoever claims the code next asks
//     the database first. Ending it now could let the code be used twice, or call
//     a right code wrong.
//
// do is asked a second time where the first answer was lost; it names the
// request, so the database answers the same. It must not end with the caller.
func (o *operation) change(ctx context.Context, code right, issue *caches.Issue, do func(ctx context.Context, use databases.Use) error) error {
	err := o.twice(ctx, func(ctx context.Context) error {
		return do(ctx, databases.Use{ID: code.codeID, Request: code.request})
	})
	switch {
	case err == nil:
		if err := o.endClaim(ctx, code, true, issue); err != nil && issue != nil {
			return errStore(err)
		}
		return nil
	case errors.Is(err, databases.ErrCodeUsed):
		_ = o.endClaim(ctx, code, true, nil)
		return errRejected()
	}
	if refusal := errRefused(err); refusal != nil {
		_ = o.endClaim(ctx, code, false, nil)
		return refusal
	}
	return errStore(err)
}

// twice asks again, once, when the database was unavailable: a reply that was
// lost on the way is then learned.
func (o *operation) twice(ctx context.Context, step func(ctx context.Context) error) error {
	err := step(ctx)
	if errors.Is(err, databases.ErrUnavailable) && ctx.Err() == nil {
		err = step(ctx)
	}
	return err
}

// endClaim ends a claim. One that can't be ended now runs out by itself; what the
// database says of its code counts then.
func (o *operation) endClaim(ctx context.Context, code right, used bool, issue *caches.Issue) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endBound)
	defer cancel()
	err := o.store.EndClaim(ctx, caches.EndClaim{
		Request: code.request,
		Key:     code.key,
		Holder:  code.holder,
		CodeID:  code.codeID,
		Used:    used,
		Issue:   issue,
	})
	if err != nil {
		o.logger.Warn("a claim could not be ended and runs out by itself", "element", o.call.Element)
	}
	return err
}
