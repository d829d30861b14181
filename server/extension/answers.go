package extension

import (
	"context"
	"time"
)

// OpenAnswers returns the store of answers; release ends its use.
type OpenAnswers func() (store AnswerStore, release func(), err error)

// AnswerStore keeps the answers to requests that may come again. Its errors have a
// code. Its methods may be called from any goroutine.
type AnswerStore interface {
	// Begin marks a request as being served, or returns what is known of it.
	Begin(ctx context.Context, a Attempt) (AttemptResult, error)
	// Finish keeps the answer to an attempt; a nil answer forgets the request.
	Finish(ctx context.Context, a Attempt, answer []byte) error
}

// Attempt is one attempt at a request.
type Attempt struct {
	// Key names the request, Owner the attempt.
	Key, Owner string
	// Sender is whose budget the answer counts in.
	Sender string
	// Fingerprint is of the arguments.
	Fingerprint string
	// Lease is how long the attempt counts as running. Begin renews it.
	Lease time.Duration
	// Keep is how long the request is remembered.
	Keep time.Duration
}

// AttemptOutcome is the outcome of an AnswerStore's Begin.
type AttemptOutcome int

// The outcomes.
const (
	// AttemptStarted: this attempt serves the request.
	AttemptStarted AttemptOutcome = iota + 1
	// AttemptBusy: another attempt does.
	AttemptBusy
	// AttemptDone: the request has its answer.
	AttemptDone
	// AttemptMismatch: the key was used with other arguments.
	AttemptMismatch
	// AttemptSpent: the sender has spent its budget of remembered requests.
	AttemptSpent
)

// AttemptResult is the result of Begin.
type AttemptResult struct {
	Outcome AttemptOutcome
	// Answer is set with AttemptDone.
	Answer []byte
	// Keep is for how long the answer is kept, with AttemptStarted: that of the Attempt
	// or shorter.
	Keep time.Duration
	// RetryAfter is set with AttemptSpent.
	RetryAfter time.Duration
}
