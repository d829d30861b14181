package delivery

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// Exchange is the http.RoundTripper, and the HTTP client, of a vendor's SDK for one
// message. The SDK builds and signs the request; the exchange sends it once, under the
// caller's deadline and over the instance's connections, and keeps the response.
//
// The SDK always gets an error. SDKs take failures for success, put whole requests
// into their errors, and observe no deadline, so none of them reads a response.
type Exchange struct {
	ctx    context.Context
	client *Client

	mu       sync.Mutex
	sent     bool
	response *Response
	failure  Outcome
}

// errNotForSDK is what an SDK gets in place of a response.
var errNotForSDK = errors.New("delivery: the response is read elsewhere")

// Exchange returns the exchange for one message.
func (c *Client) Exchange(ctx context.Context) *Exchange { return &Exchange{ctx: ctx, client: c} }

// RoundTrip sends the first request that it gets, and no other.
func (e *Exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.sent {
		e.sent = true
		e.response, e.failure = e.client.roundTrip(r.Clone(e.ctx))
	}
	return nil, errNotForSDK
}

// Do is RoundTrip, for SDKs that take an HTTP client.
func (e *Exchange) Do(r *http.Request) (*http.Response, error) { return e.RoundTrip(r) }

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
	return e.response.outcome(read)
}
