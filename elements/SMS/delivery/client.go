package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// maxAnswer is where a vendor's answer is cut.
const maxAnswer = 64 << 10

// Client makes requests to a vendor over its own pool of connections. It follows
// no redirect, asks no proxy, sends no request twice, and cuts long answers.
// It has at most as many connections as there are requests at once.
type Client struct {
	transport *http.Transport
	gate      *gate
}

// Guard refuses an address at the moment it is dialled, after names are resolved.
type Guard func(network, address string) error

// NewClient makes a client; guard may be nil.
func NewClient(guard Guard) *Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if guard != nil {
		dialer.Control = func(network, address string, _ syscall.RawConn) error { return guard(network, address) }
	}
	gate := newGate()
	return &Client{gate: gate, transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return gate.dial(ctx, func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, network, address) })
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    128,
		IdleConnTimeout:        50 * time.Second,
		MaxResponseHeaderBytes: maxAnswer,
		DisableCompression:     true,
	}}
}

// Close lets idle connections go.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Answer is what a vendor answered.
type Answer struct {
	Status int
	Header http.Header
	// Body is at most 64 KiB; Cut says that there was more.
	Body []byte
	Cut  bool
}

// Do makes one request. Where there is no answer, or none that can be trusted,
// ok is false and the Outcome says how it ended: refused as unavailable when no
// connection was made, so that nothing can have been sent; unknown otherwise.
func (c *Client) Do(req *http.Request) (answer *Answer, failed Outcome, ok bool) {
	once(req)
	heard(req)
	defer c.gate.enter()()
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	resp, err := c.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, lost(ctx, err, connected.Load()), false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, lost(ctx, err, true), false
	}
	answer = &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if len(body) > maxAnswer {
		answer.Body, answer.Cut = body[:maxAnswer], true
	}
	return answer, Outcome{}, true
}

// empty is a body of no bytes that isn't known to be one.
type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, io.EOF }

// once keeps net/http from sending a request again by itself. It does so, when a
// reused connection breaks, for GET requests whose body it could read again (none is
// sent of an empty one), and for requests with an Idempotency-Key, which it looks up
// under its canonical name.
func once(req *http.Request) {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		req.Body, req.GetBody, req.ContentLength = io.NopCloser(empty{}), nil, 0
	}
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if values, ok := req.Header[name]; ok {
			delete(req.Header, name)
			req.Header[strings.ToLower(name)] = values
		}
	}
}

// errGuarded is what a Guard's error wraps.
var errGuarded = errors.New("the address is not allowed")

func lost(ctx context.Context, err error, connected bool) Outcome {
	if !connected {
		o := Refused(Unavailable, "")
		o.What = "the vendor can't be reached"
		if errors.Is(err, errGuarded) {
			o.Reason, o.What = Other, errGuarded.Error()
		}
		return o
	}
	var timeout net.Error
	if ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() {
		return Unknown("no answer in time")
	}
	return Unknown("the connection was lost")
}

// RetryAfter reads the header Retry-After where it gives seconds.
func (a *Answer) RetryAfter() time.Duration {
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > int(24*time.Hour/time.Second) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
