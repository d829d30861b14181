package delivery

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// Exchange is the http.RoundTripper for one message of a vendor's SDK. The SDK
// builds and signs the request; the exchange sends it once, under the caller's
// deadline and over the instance's connections, and keeps the response.
//
// The SDK always gets an error. SDKs take failures for success, put whole requests
// into their errors, and observe no deadline, so none of them reads a response.
type Exchange struct {
	ctx     context.Context
	client  *Client
	prepare func(*http.Request) (*http.Request, error)

	mu       sync.Mutex
	sent     bool
	response *Response
	failure  Outcome
}

// errNotForSDK is what an SDK gets in place of a response.
var errNotForSDK = errors.New("delivery: the response is read elsewhere")

// Exchange returns the exchange for one message. prepare turns the SDK's request
// into the one to send; nil sends the SDK's.
func (c *Client) Exchange(ctx context.Context, prepare func(*http.Request) (*http.Request, error)) *Exchange {
	return &Exchange{ctx: ctx, client: c, prepare: prepare}
}

// RoundTrip sends the first request that it gets, and no other.
func (e *Exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sent {
		return nil, errNotForSDK
	}
	e.sent = true
	req := r.Clone(e.ctx)
	if e.prepare != nil {
		var err error
		if req, err = e.prepare(req); err != nil {
			e.failure = NoRequest()
			return nil, errNotForSDK
		}
	}
	e.response, e.failure = e.client.roundTrip(req)
	return nil, errNotForSDK
}

// Outcome returns the outcome that read finds in the response, or how the request
// failed if there is none.
func (e *Exchange) Outcome(read ReadFunc) Outcome {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !e.sent:
		return NoRequest()
	case e.response == nil:
		return e.failure
	}
	return read(e.response)
}

type exchangeKey struct{}

// Context returns a context with which a ContextTransport uses this exchange.
func (e *Exchange) Context() context.Context {
	return context.WithValue(e.ctx, exchangeKey{}, e)
}

// ContextTransport is the http.RoundTripper, and the HTTP client, of an SDK's client
// that many messages share: it sends each request by the exchange of its context.
type ContextTransport struct{}

// RoundTrip sends a request by the exchange of its context.
func (ContextTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	e, ok := r.Context().Value(exchangeKey{}).(*Exchange)
	if !ok {
		return nil, errNotForSDK
	}
	return e.RoundTrip(r)
}

// Do is RoundTrip, for SDKs that take an HTTP client.
func (t ContextTransport) Do(r *http.Request) (*http.Response, error) { return t.RoundTrip(r) }
