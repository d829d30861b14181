package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// errGuarded is wrapped by the errors of Guards.
var errGuarded = errors.New("the address is not allowed")

// dialTrace notes how far a request came.
type dialTrace struct {
	resolving, shakingHands, connected atomic.Bool
}

func (d *dialTrace) with(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { d.resolving.Store(true) },
		DNSDone:           func(httptrace.DNSDoneInfo) { d.resolving.Store(false) },
		TLSHandshakeStart: func() { d.shakingHands.Store(true) },
		GotConn:           func(httptrace.GotConnInfo) { d.connected.Store(true) },
	})
}

// failure returns the outcome of a request without a response. If no connection was
// made, nothing can have been sent.
func (d *dialTrace) failure(ctx context.Context, err error) Outcome {
	switch connected := d.connected.Load(); {
	case !connected && errors.Is(err, errGuarded):
		return Unsent(smscode.Other, errGuarded.Error())
	case !connected:
		cause := d.cause(err)
		o := Unsent(smscode.Unavailable, "the vendor can't be reached: "+causeTexts[cause])
		o.Cause = cause
		return o
	case ctx.Err() != nil, isTimeout(err):
		return Unknown("no answer in time")
	}
	return Unknown("the connection was lost")
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
