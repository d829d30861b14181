package verification

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
)

// change makes a change in the database that a claimed code is used for, and ends
// the claim by the outcome:
//
//   - made: the code is used, and issue, if any, is kept;
//   - refused for good, or certainly not made: the code is free again;
//   - the code was used before, by another request: it is rejected;
//   - unknown: the claim expires by itself, and the next claimant asks the database
//     (see resolve). Ending it now could let the code be used twice, or reject a
//     right one.
//
// do names the request in its Use, so the database makes the change once.
func (r *request) change(ctx context.Context, m match, issue *caches.Issue, do func(databases.Use) error) error {
	err := do(databases.Use{ID: m.codeID, Request: m.request})
	switch {
	case err == nil:
		if err := r.endClaim(ctx, m, true, issue); err != nil && issue != nil {
			return errStore(err)
		}
		return nil
	case errors.Is(err, databases.ErrCodeUsed):
		_ = r.endClaim(ctx, m, true, nil)
		return errRejected()
	}
	if answer := errNotMade(err); answer != nil {
		_ = r.endClaim(ctx, m, false, nil)
		return answer
	}
	return errStore(err)
}

// endClaim ends the claim of a code. If it fails, the claim expires by itself, and
// the database tells whether its code was used.
func (r *request) endClaim(ctx context.Context, m match, used bool, issue *caches.Issue) error {
	return r.endWithin(ctx, func(ctx context.Context) error {
		return r.store.EndClaim(ctx, caches.EndClaim{
			Request: m.request, Key: m.key, Holder: m.holder, CodeID: m.codeID, Used: used, Issue: issue,
		})
	})
}

// endWithin runs a step that ends a claim, in a time of its own.
func (r *request) endWithin(ctx context.Context, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	err := step(ctx)
	if err != nil {
		r.logger.WarnContext(ctx, "a claim could not be ended and expires by itself",
			"element", r.call.Element, "request_id", r.call.RequestID, "error", err)
	}
	return err
}
