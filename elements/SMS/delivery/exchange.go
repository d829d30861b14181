package delivery

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// Exchange is the http.RoundTripper of one message. A vendor's SDK builds and
// signs the request; the exchange sends it once, under the caller's deadline and
// over the instance's connections, and keeps the answer.
//
// The SDK itself always gets an error: SDKs read failures as success, put whole
// requests into their errors, and wait for no deadline; so none of them reads an
// answer.
type Exchange struct {
	ctx     context.Context
	client  *Client
	prepare func(*http.Request) (*http.Request, error)

	mu     sync.Mutex
	sent   bool
	answer *Answer
	failed Outcome
}

// errTaken is what an SDK gets in place of an answer.
var errTaken = errors.New("delivery: the answer is read elsewhere")

// Exchange makes the exchange of one message. prepare gives the request that
// travels, from the SDK's; nil sends that.
func (c *Client) Exchange(ctx context.Context, prepare func(*http.Request) (*http.Request, error)) *Exchange {
	return &Exchange{ctx: ctx, client: c, prepare: prepare}
}

// RoundTrip sends the first request that it gets, and no other.
func (e *Exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sent {
		return nil, errTaken
	}
	e.sent = true
	req := r.Clone(e.ctx)
	if e.prepare != nil {
		var err error
		if req, err = e.prepare(req); err != nil {
			e.failed = NotMade()
			return nil, errTaken
		}
	}
	if answer, failed, ok := e.client.Do(req); ok {
		e.answer = answer
	} else {
		e.failed = failed
	}
	return nil, errTaken
}

// Answer gives what the vendor answered; without one, ok is false and the
// Outcome says how the request ended.
func (e *Exchange) Answer() (answer *Answer, failed Outcome, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !e.sent:
		return nil, NotMade(), false
	case e.answer == nil:
		return nil, e.failed, false
	}
	return e.answer, Outcome{}, true
}

type exchangeKey struct{}

// Context gives a context under which a Carrier uses this exchange.
func (e *Exchange) Context() context.Context {
	return context.WithValue(e.ctx, exchangeKey{}, e)
}

// Carrier is the http.RoundTripper, and the client, of an SDK's client that many
// messages share: it leads each request to the exchange of its context.
type Carrier struct{}

// RoundTrip sends a request by the exchange of its context.
func (Carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	e, ok := r.Context().Value(exchangeKey{}).(*Exchange)
	if !ok {
		return nil, errTaken
	}
	return e.RoundTrip(r)
}

// Do is RoundTrip, for SDKs that want a client.
func (c Carrier) Do(r *http.Request) (*http.Response, error) { return c.RoundTrip(r) }
