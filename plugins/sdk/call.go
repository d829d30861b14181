package sdk

import (
	"context"
	"log/slog"

	"google.golang.org/grpc/metadata"

	"github.com/lintel-run/lintel/plugins/handshake"
)

// forwarded are the metadata keys of a call that are sent with each request to the
// host: the call's ID, and the W3C trace context.
var forwarded = []string{handshake.MetaCall, "traceparent", "tracestate", "baggage"}

type callKey struct{}

// call is the call being served, kept in its context.
type call struct {
	requestID string
	metadata  metadata.MD
	host      *Host
	logger    *slog.Logger
}

// withCall returns the context of a call and its logger.
func withCall(ctx context.Context, requestID string, host *Host, logger *slog.Logger) (context.Context, *slog.Logger) {
	c := &call{requestID: requestID, host: host, logger: logger, metadata: metadata.MD{}}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for _, key := range forwarded {
			if values := md.Get(key); len(values) > 0 {
				c.metadata.Set(key, values...)
			}
		}
	}
	if requestID != "" {
		// The host tells the request by the call's ID; hosts that don't know it have the
		// field.
		attrs := []any{"request_id", requestID}
		if values := c.metadata[handshake.MetaCall]; len(values) > 0 {
			attrs = append(attrs, "@call", values[0])
		}
		c.logger = logger.With(attrs...)
	}
	return context.WithValue(ctx, callKey{}, c), c.logger
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// RequestID returns the ID of the request that the call belongs to, or "" outside a
// request.
func RequestID(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.requestID
	}
	return ""
}

// Logger returns a logger that adds the instance and the request to each line. It
// never blocks: lines that the host doesn't take in time are dropped and counted.
func Logger(ctx context.Context) *slog.Logger {
	if c := callOf(ctx); c != nil {
		return c.logger
	}
	return stderrLogger()
}

// HostOf returns what the host offers to the call being served.
func HostOf(ctx context.Context) *Host {
	if c := callOf(ctx); c != nil && c.host != nil {
		return c.host
	}
	return &Host{conn: noHost{}}
}
