package server

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// repeatsKept is how long a request's answer is given again.
	repeatsKept = 10 * time.Minute
	// repeatLease is how long a request counts as under way after a sign of life of
	// the process that serves it. When that was killed, a repeat takes over then.
	repeatLease = 4 * time.Second
	renewEvery  = time.Second
	finishTime  = 2 * time.Second
	pollFirst   = 20 * time.Millisecond
	pollMost    = 250 * time.Millisecond
)

// repeats answers a request that comes again under one Idempotency-Key as the
// first was answered. Answers lie in the default cache, encrypted.
type repeats struct {
	app   App
	appID string
	mac   []byte
	aead  cipher.AEAD
}

func newRepeats(app App, appID string) (*repeats, error) {
	mac, err := app.Key("server/repeats/mac")
	if err != nil {
		return nil, fmt.Errorf("server: the key of repeats: %w", err)
	}
	key, err := app.Key("server/repeats/answers")
	if err != nil {
		return nil, fmt.Errorf("server: the key of repeats: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("server: the key of repeats: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("server: the key of repeats: %w", err)
	}
	return &repeats{app: app, appID: appID, mac: mac, aead: aead}, nil
}

// repeat names a repeatable request.
type repeat struct {
	// key is where its answer lies: app, element, function, caller and the
	// client's key, as a MAC.
	key string
	// fingerprint of the arguments.
	fingerprint string
	// operation names it to the stores, the same for each attempt.
	operation string
}

func (p *repeats) named(fullName, function string, who element.Caller, key string, args element.Args) repeat {
	n := repeat{
		key:         p.digest("key", p.appID, fullName, function, who.UserID, who.SessionID, key),
		fingerprint: p.digest("arguments", args),
	}
	n.operation = p.digest("operation", n.key, n.fingerprint)
	return n
}

// digest is a MAC over values; JSON writes an object's members in one order and
// lets no value run into the next.
func (p *repeats) digest(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil {
		// Decoded from JSON, so it can be written as JSON.
		panic("server: arguments that are no JSON")
	}
	m := hmac.New(sha256.New, p.mac)
	m.Write(text)
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// run gives the answer that the request has had, waiting for one that is under
// way, or does the work and keeps the answer. repeated: the work was not done here.
func (p *repeats) run(ctx context.Context, n repeat, work func(context.Context) (json.RawMessage, error)) (data json.RawMessage, repeated bool, err error) {
	store, release, err := p.store()
	if err != nil {
		return nil, false, err
	}
	defer release()
	owner := uuid.NewString()
	for pause := pollFirst; ; pause = min(pause*2, pollMost) {
		begun, err := store.Begin(ctx, caches.Begin{
			Key: n.key, Owner: owner, Fingerprint: n.fingerprint, Lease: repeatLease, TTL: repeatsKept,
		})
		if err != nil {
			return nil, false, storeError(err)
		}
		switch begun.Outcome {
		case caches.BeginStarted:
			data, err = p.first(ctx, store, n, owner, work)
			return data, false, err
		case caches.BeginDone:
			data, err = p.open(n, begun.Answer)
			return data, true, err
		case caches.BeginMismatch:
			return nil, false, errOtherArguments()
		case caches.BeginBusy:
		default:
			return nil, false, errcode.New(errcode.Internal, "the cache gave no verdict on a repeat")
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, false, errcode.New("CODE_BUSY", "the same request is under way").After(time.Second)
		}
	}
}

func errOtherArguments() error {
	return refusal{
		errcode.New(errcode.Params, "the Idempotency-Key was used with other arguments").With("arg", "Idempotency-Key"),
		http.StatusConflict,
	}
}

// first does the work. What is final is kept; what was not begun, or can't be
// known to have ended, is forgotten, so that a repeat tries again under the same
// operation.
func (p *repeats) first(ctx context.Context, store caches.IdempotencyStore, n repeat, owner string, work func(context.Context) (json.RawMessage, error)) (data json.RawMessage, err error) {
	err = errcode.New(errcode.Internal, "a panic") // what is kept of one
	renewed := p.renew(ctx, store, n, owner)
	defer func() {
		renewed()
		var kept []byte
		if isFinal(err) {
			kept = p.seal(n, data, err)
		}
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
		defer cancel()
		// Without this the lease runs out and a repeat takes over, by the same
		// operation: the stores answer it as they answered this one.
		_ = store.Finish(after, n.key, owner, kept, repeatsKept)
	}()
	return work(element.WithOperation(ctx, n.operation))
}

// renew keeps a request's lease until the function it gives has returned. A lease
// that can't be kept does no harm: whoever takes over asks the stores by the same
// operation.
func (p *repeats) renew(ctx context.Context, store caches.IdempotencyStore, n repeat, owner string) (end func()) {
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
			begun, err := store.Begin(ctx, caches.Begin{
				Key: n.key, Owner: owner, Fingerprint: n.fingerprint, Lease: repeatLease, TTL: repeatsKept,
			})
			if err == nil && begun.Outcome != caches.BeginStarted {
				return // taken over
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// isFinal says whether a repeat is to get the same answer. Not so what surely
// changed nothing outside the stores: their operations can be asked again.
// Whatever may have reached a vendor is final, unknown outcomes too.
func isFinal(err error) bool {
	if err == nil {
		return true
	}
	e := coded(err)
	switch e.Code {
	case errcode.StoreUnavailable, "CODE_BUSY":
		return false
	case errcode.ElementUnavailable:
		return e.Details["outcome"] != errcode.OutcomeNotExecuted
	default:
		return true
	}
}

// keptAnswer is an answer as it is kept.
type keptAnswer struct {
	Data       json.RawMessage `json:"data,omitempty"`
	Code       errcode.Code    `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
	Retryable  bool            `json:"retryable,omitempty"`
	RetryAfter time.Duration   `json:"retryAfter,omitempty"`
	Details    map[string]any  `json:"details,omitempty"`
}

func (p *repeats) seal(n repeat, data json.RawMessage, err error) []byte {
	kept := keptAnswer{Data: data}
	if err != nil {
		e := coded(err)
		kept = keptAnswer{Code: e.Code, Message: e.Message, Retryable: e.Retryable, RetryAfter: e.RetryAfter, Details: e.Details}
	}
	text, jerr := json.Marshal(kept)
	if jerr != nil {
		return nil
	}
	return p.aead.Seal(nil, nil, text, []byte(n.key)) //nolint:gosec // G407: this AEAD makes its nonces itself
}

func (p *repeats) open(n repeat, sealed []byte) (json.RawMessage, error) {
	text, err := p.aead.Open(nil, nil, sealed, []byte(n.key))
	if err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "a kept answer can't be read")
	}
	var kept keptAnswer
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "a kept answer can't be read")
	}
	if kept.Code != "" {
		return nil, &errcode.Error{
			Code: kept.Code, Message: kept.Message, Retryable: kept.Retryable,
			RetryAfter: kept.RetryAfter, Details: kept.Details,
		}
	}
	return kept.Data, nil
}

func (p *repeats) store() (caches.IdempotencyStore, func(), error) {
	instance, release, err := p.app.BuiltinDefault(element.DefaultCache)
	if err != nil {
		return nil, nil, err
	}
	store, ok := instance.(caches.IdempotencyStore)
	if !ok {
		release()
		return nil, nil, errcode.New(errcode.Internal, "the default cache is none")
	}
	return store, release, nil
}

func storeError(err error) error {
	var e *errcode.Error
	switch {
	case errors.As(err, &e):
		return err
	case errors.Is(err, caches.ErrUnavailable):
		return errcode.Wrap(err, errcode.StoreUnavailable, "the cache can't be reached").After(time.Second)
	}
	return coded(err)
}
