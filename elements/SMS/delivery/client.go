package delivery

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Client makes requests to a vendor over a connection pool of its own. It follows
// no redirect, uses no proxy but the configured one, sends no request twice, and cuts
// long responses. It has at most as many connections as there are requests at once.
type Client struct {
	network Network
	direct  *http.Transport
	proxied *http.Transport // nil without a proxy
	limit   *connLimit
	reuse   reuse
}

// Guard refuses an address when it is dialled, after names are resolved.
type Guard func(network, address string) error

// NewClient returns a client.
func NewClient(n Network) *Client {
	c := &Client{network: n, limit: newConnLimit()}
	c.direct = c.newTransport(n.Guard)
	if n.proxy != nil {
		c.proxied = c.newTransport(nil) // the proxy may have any address
		c.proxied.Proxy = http.ProxyURL(n.proxy)
		c.proxied.OnProxyConnectResponse = noteTunnel
	}
	return c
}

func (c *Client) newTransport(guard Guard) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if guard != nil {
		dialer.Control = func(network, address string, _ syscall.RawConn) error { return guard(network, address) }
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.limit.dial(ctx, func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, network, address) })
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.network.roots},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    128,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxBody,
		DisableCompression:     true,
	}
}

// Close closes idle connections.
func (c *Client) Close() {
	c.direct.CloseIdleConnections()
	if c.proxied != nil {
		c.proxied.CloseIdleConnections()
	}
}

// Do makes one request and returns the outcome that read finds in its response. A
// request without a response is refused as unavailable if no connection was made, so
// that nothing can have been sent; otherwise its outcome is unknown.
func (c *Client) Do(req *http.Request, read ReadFunc) Outcome {
	response, failure := c.roundTrip(req)
	if response == nil {
		return failure
	}
	return response.outcome(read)
}

// roundTrip makes one request. Without a response, failure is its outcome.
func (c *Client) roundTrip(req *http.Request) (response *Response, failure Outcome) {
	preventRetry(req)
	noteCredentials(req)
	dial, transport := &dialTrace{}, c.direct
	if c.network.proxies(req.URL.Hostname()) {
		dial.proxied, transport = true, c.proxied
		if err := c.network.guardName(req.URL); err != nil {
			return nil, dial.failure(req.Context(), err)
		}
	}
	defer c.limit.begin()()
	ctx := dial.with(req.Context())
	started := time.Now()
	req = req.WithContext(ctx)
	req.Close = !c.reuse.allowed(started)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		if dial.lostOnReuse(ctx, err) {
			c.stopReuse()
		}
		return nil, dial.failure(ctx, err)
	}
	defer resp.Body.Close()
	if dial.proxied && resp.StatusCode == http.StatusProxyAuthRequired {
		return nil, unreachable(proxyError(resp.StatusCode))
	}
	response = &Response{Status: resp.StatusCode, Header: resp.Header, ClockSkew: clockSkew(resp.Header, started, time.Now())}
	if err := response.readBody(resp.Body); err != nil {
		return nil, dial.failure(ctx, err)
	}
	return response, Outcome{}
}

// stopReuse makes every request use a connection of its own for a while.
func (c *Client) stopReuse() {
	c.reuse.forbid(time.Now())
	c.Close()
}

// emptyBody is a body without bytes that net/http doesn't know to be empty.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }

// preventRetry keeps net/http from sending a request again when a reused connection
// breaks. It would do so for a GET whose body it can read again, as it can an empty
// one, and for a request with an Idempotency-Key, which it looks up under its
// canonical name.
func preventRetry(req *http.Request) {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		req.Body, req.GetBody, req.ContentLength = io.NopCloser(emptyBody{}), nil, 0
	}
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if values, ok := req.Header[name]; ok {
			delete(req.Header, name)
			req.Header[strings.ToLower(name)] = values
		}
	}
}
