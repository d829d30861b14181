package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"syscall"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// errGuarded is wrapped by the errors of Guards.
var errGuarded = errors.New("the address is not allowed")

// dialTrace notes how far a request came.
type dialTrace struct {
	// proxied is set if the request goes through a proxy, and tunnelled is once the proxy
	// has connected it.
	proxied   bool
	tunnelled atomic.Bool

	resolving, shakingHands, connected, reused, answered atomic.Bool
}

type dialTraceKey struct{}

func (d *dialTrace) with(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, dialTraceKey{}, d)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { d.resolving.Store(true) },
		DNSDone:           func(httptrace.DNSDoneInfo) { d.resolving.Store(false) },
		TLSHandshakeStart: func() { d.shakingHands.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			d.reused.Store(info.Reused)
			d.connected.Store(true)
		},
		GotFirstResponseByte: func() { d.answered.Store(true) },
	})
}

// proxyError is the status by which a proxy refuses a request.
type proxyError int

func (r proxyError) Error() string {
	switch r {
	case http.StatusProxyAuthRequired:
		return "it answers 407, a right user and password are missing"
	case http.StatusForbidden:
		return "it answers 403, it doesn't let anybody connect to the vendor"
	}
	return fmt.Sprintf("it answers %d", int(r))
}

// noteTunnel is called with the proxy's answer to CONNECT.
func noteTunnel(ctx context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return proxyError(resp.StatusCode)
	}
	if d, ok := ctx.Value(dialTraceKey{}).(*dialTrace); ok {
		d.shakingHands.Store(false) // with the proxy
		d.tunnelled.Store(true)
	}
	return nil
}

// unreachable returns the outcome of a request that came no further than the proxy.
func unreachable(err error) Outcome {
	o := Unsent(smscode.Unavailable, cantBeReached+string(smscode.CauseProxy)+", "+err.Error())
	o.Cause = smscode.CauseProxy
	return o
}

const cantBeReached = "the vendor can't be reached: "

// failure returns the outcome of a request without a response. If no connection was
// made, nothing can have been sent.
func (d *dialTrace) failure(ctx context.Context, err error) Outcome {
	switch connected := d.connected.Load(); {
	case !connected && errors.Is(err, errGuarded):
		return Unsent(smscode.Other, errGuarded.Error())
	case !connected && d.proxied && !d.tunnelled.Load():
		var refusal proxyError
		if errors.As(err, &refusal) {
			return unreachable(refusal)
		}
		return unreachable(errors.New("which can't be reached itself: " + string(d.cause(err))))
	case !connected:
		cause := d.cause(err)
		o := Unsent(smscode.Unavailable, cantBeReached+causeTexts[cause])
		o.Cause = cause
		return o
	case ctx.Err() != nil, isTimeout(err):
		return doubtful(smscode.DoubtTimeout, "no answer in time")
	}
	return doubtful(smscode.DoubtLost, "the connection was lost")
}

// lostOnReuse reports whether a connection that had been used before ended without a
// byte of an answer.
func (d *dialTrace) lostOnReuse(ctx context.Context, err error) bool {
	return d.connected.Load() && d.reused.Load() && !d.answered.Load() && ctx.Err() == nil && !isTimeout(err)
}

// cause returns why no connection was made.
func (d *dialTrace) cause(err error) smscode.Cause {
	var dns *net.DNSError
	var wrong *tls.CertificateVerificationError
	switch {
	case errors.As(err, &wrong):
		return smscode.CauseCertificate
	case errors.As(err, &dns), d.resolving.Load():
		return smscode.CauseDNS
	case isTimeout(err):
		return smscode.CauseTimeout
	case d.shakingHands.Load():
		return smscode.CauseTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return smscode.CauseRefused
	}
	return smscode.CauseNetwork
}

// causeTexts begin with the name of the cause.
var causeTexts = map[smscode.Cause]string{
	smscode.CauseDNS:         "dns, its name can't be resolved",
	smscode.CauseRefused:     "refused, nothing listens at its address",
	smscode.CauseTimeout:     "timeout, its address doesn't answer",
	smscode.CauseTLS:         "tls, the handshake failed",
	smscode.CauseCertificate: "certificate, it is not trusted, not valid now by this machine's clock, or another host's",
	smscode.CauseNetwork:     "network, there is no way to its address",
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
