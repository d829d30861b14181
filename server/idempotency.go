package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/internal/seal"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

const (
	// answersKept is how long a repeated request gets the answer of the first.
	answersKept = 10 * time.Minute
	// attemptLease is how long a request counts as running without a sign of life
	// from the process that serves it. Then a repeat takes over.
	attemptLease = 4 * time.Second
	renewEvery   = time.Second
	finishTime   = 2 * time.Second
	// mostKept is the size of the longest answer that is kept.
	mostKept  = 16 << 10
	pollFirst = 20 * time.Millisecond
	pollMost  = 250 * time.Millisecond
)

// idempotency answers requests that come again under one Idempotency-Key as it
// answered the first. Answers are kept encrypted.
type idempotency struct {
	appID  string
	open   extension.OpenAnswers
	errors errorTable
	mac    []byte
	seal   *seal.Key
}

func newIdempotency(app App, open extension.OpenAnswers) (*idempotency, error) {
	mac, err := app.Key("server/repeats/mac")
	if err != nil {
		return nil, fmt.Errorf("server: the idempotency key: %w", err)
	}
	seal, err := seal.NewKey(app.Key, "server/repeats/answers")
	if err != nil {
		return nil, fmt.Errorf("server: the idempotency key: %w", err)
	}
	return &idempotency{appID: app.Info().AppID, open: open, errors: errorTable{app}, mac: mac, seal: seal}, nil
}

// operation is a call that may be repeated.
type operation struct {
	call
	// key names the call in the store: a MAC of app, element, function, caller and
	// the client's key.
	key string
	// fingerprint is a MAC of the arguments.
	fingerprint string
	// id names the call to the stores of elements; it is the same for each attempt.
	id string
	// sender is a MAC of the network that the call comes from.
	sender string
}

// operation names a call. from is who makes it, scope what its repeats have in common.
func (p *idempotency) operation(c call, from element.Caller, scope extension.Scope) operation {
	o := operation{
		call:        c,
		key:         p.digest("key", p.appID, c.target.FullName(), c.function, scope.Caller.UserID, scope.Caller.SessionID, c.key),
		fingerprint: p.digest("arguments", scope.Args),
	}
	o.id = p.digest("operation", o.key, o.fingerprint)
	o.sender = p.digest("sender", from.Network())
	return o
}

// digest returns a MAC over values. JSON writes an object's members in one order
// and lets no value run into the next.
func (p *idempotency) digest(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil {
		// Decoded from JSON, so it can be written as JSON.
		panic("server: arguments that are no JSON")
	}
	m := hmac.New(sha256.New, p.mac)
	m.Write(text)
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// run makes the call and keeps its answer, or returns the answer of an earlier
// attempt, for which it waits.
func (p *idempotency) run(ctx context.Context, c call, scope extension.Scope) (answer json.RawMessage, repeated bool, err error) {
	store, release, err := p.open()
	if err != nil {
		return nil, false, err
	}
	defer release()
	o := p.operation(c, element.CallerOf(ctx), scope)
	attempt := o.attempt(uuid.NewString())
	for pause := pollFirst; ; pause = min(pause*2, pollMost) {
		begun, err := store.Begin(ctx, attempt)
		if err != nil {
			return nil, false, coded(err)
		}
		switch begun.Outcome {
		case extension.AttemptStarted:
			attempt.Keep = begun.Keep
			answer, err = p.first(ctx, store, o, attempt)
			return answer, false, err
		case extension.AttemptDone:
			answer, err = p.recall(o, begun.Answer)
			if err == nil && scope.Continues != nil && !scope.Continues(answer) {
				return nil, true, otherArguments()
			}
			return answer, true, err
		case extension.AttemptMismatch:
			return nil, false, otherArguments()
		case extension.AttemptSpent:
			return nil, false, tooManyKeys(begun.RetryAfter)
		case extension.AttemptBusy:
		default:
			return nil, false, errcode.New(errcode.Internal, "the store of answers doesn't know the request's state")
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, false, errcode.New("CODE_BUSY", "the same request is in progress").After(time.Second)
		}
	}
}

func (o operation) attempt(owner string) extension.Attempt {
	return extension.Attempt{Key: o.key, Owner: owner, Sender: o.sender, Fingerprint: o.fingerprint, Lease: attemptLease, Keep: answersKept}
}

func otherArguments() error {
	return extension.WithStatus(errcode.New(errcode.Params, "the Idempotency-Key was used with other arguments").With("arg", "Idempotency-Key"), http.StatusConflict)
}

// tooManyKeys refuses a request whose answer can't be remembered. Its time is rounded up
// to a minute, like that of other limits.
func tooManyKeys(wait time.Duration) error {
	err := errcode.New(errcode.Params, "too many requests of this address have an Idempotency-Key; wait, or send it without one").With("arg", "Idempotency-Key")
	return extension.WithStatus(err.After((wait + time.Minute - 1).Truncate(time.Minute)), http.StatusTooManyRequests)
}

// notKept answers the repeat of a request whose answer is too long to be kept.
func notKept() extension.HTTPError {
	err := errcode.New(errcode.Params, "the request with this Idempotency-Key was served; its answer is longer than %d KiB and was not kept", mostKept>>10)
	return extension.HTTPError{Err: err.With("arg", "Idempotency-Key"), Status: http.StatusConflict}
}

// first makes the call. It keeps a final answer and forgets any other, so that a
// repeat tries again as the same operation.
func (p *idempotency) first(ctx context.Context, store extension.AnswerStore, o operation, attempt extension.Attempt) (answer json.RawMessage, err error) {
	err = errcode.New(errcode.Internal, "a panic") // what is kept of one
	stop := renew(ctx, store, attempt)
	defer func() {
		stop()
		var kept []byte
		if p.isFinal(err) {
			kept = p.keep(o, answer, err)
		}
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
		defer cancel()
		// If this fails, the lease runs out and a repeat takes over, as the same
		// operation: the stores answer it as they answered this one.
		_ = store.Finish(after, attempt, kept)
	}()
	return o.target.Serve(element.WithOperation(ctx, o.id), o.function, o.args)
}

// renew renews the lease of an attempt until stop has returned. To lose the lease
// does no harm: whoever takes over asks the stores as the same operation.
func renew(ctx context.Context, store extension.AnswerStore, attempt extension.Attempt) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(renewEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			begun, err := store.Begin(ctx, attempt)
			if err == nil && begun.Outcome != extension.AttemptStarted {
				return // taken over
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// isFinal reports whether repeats get the same answer. A 503 with Retry-After says
// that nothing has changed outside the stores, which know the operation; whatever
// may have reached a vendor is final.
func (p *idempotency) isFinal(err error) bool {
	if err == nil {
		return true
	}
	e := coded(err)
	entry, _ := p.errors.lookup(e.Code)
	return entry.Status != http.StatusServiceUnavailable || retryAfterOf(entry, e) == 0
}

// keptAnswer is an answer as it is kept.
type keptAnswer struct {
	Data       json.RawMessage `json:"data,omitempty"`
	Code       errcode.Code    `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
	Retryable  bool            `json:"retryable,omitempty"`
	RetryAfter time.Duration   `json:"retryAfter,omitempty"`
	Details    map[string]any  `json:"details,omitempty"`
	// Status is set if it isn't that of the code.
	Status int `json:"status,omitempty"`
}

// keep returns an answer sealed for its operation, nil if it can't be kept.
func (p *idempotency) keep(o operation, answer json.RawMessage, err error) []byte {
	kept := keptAnswer{Data: answer}
	switch {
	case err != nil:
		kept = keptError(err)
	case len(answer) > mostKept:
		kept = keptError(notKept())
	}
	sealed, err := p.seal.SealJSON(kept, o.key)
	if err != nil {
		return nil
	}
	return sealed
}

func keptError(err error) keptAnswer {
	e := coded(err)
	kept := keptAnswer{Code: e.Code, Message: e.Message, Retryable: e.Retryable, RetryAfter: e.RetryAfter, Details: e.Details}
	if own, ok := errors.AsType[extension.HTTPError](err); ok {
		kept.Status = own.Status
	}
	return kept
}

// recall returns the answer that keep has sealed.
func (p *idempotency) recall(o operation, sealed []byte) (json.RawMessage, error) {
	var kept keptAnswer
	if err := p.seal.OpenJSON(sealed, o.key, &kept); err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "a kept answer can't be read")
	}
	if kept.Code == "" {
		return kept.Data, nil
	}
	failed := &errcode.Error{
		Code: kept.Code, Message: kept.Message, Retryable: kept.Retryable,
		RetryAfter: kept.RetryAfter, Details: kept.Details,
	}
	if kept.Status != 0 {
		return nil, extension.WithStatus(failed, kept.Status)
	}
	return nil, failed
}
