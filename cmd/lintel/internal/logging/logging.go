// Package logging writes the command's log lines. It adds the trace that a line belongs
// to, leaves out empty attributes, and masks what looks like a phone number or a secret. The masks are a second
// line of defense: they can't know every secret, so code that logs must not be
// given any.
package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// NewHandler returns a handler that writes lines of at least level to w, as JSON
// or as text.
func NewHandler(w io.Writer, asJSON bool, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: clean}
	if asJSON {
		return traced{slog.NewJSONHandler(w, options)}
	}
	return traced{slog.NewTextHandler(w, options)}
}

// traced adds the id of the trace that a line's context belongs to.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }

// clean masks an attribute's key and value. It returns no attribute for an empty value.
func clean(_ []string, a slog.Attr) slog.Attr {
	if hasDigits(a.Key, 7) {
		a.Key = maskText(a.Key)
	}
	switch a.Value.Kind() {
	case slog.KindInt64, slog.KindUint64:
		// Counts and milliseconds are numbers too: only the key tells.
		if secretKey(a.Key) {
			a.Value = slog.StringValue(masked)
		}
	case slog.KindString:
		s := a.Value.String()
		if s == "" {
			return slog.Attr{}
		}
		a.Value = slog.StringValue(maskValue(a.Key, s))
	case slog.KindAny:
		if _, ok := a.Value.Any().(slog.Level); ok {
			return a
		}
		s := fmt.Sprintf("%+v", a.Value.Any())
		if s == "" || s == "<nil>" || s == "[]" || s == "map[]" {
			return slog.Attr{}
		}
		if safe := maskValue(a.Key, s); safe != s {
			a.Value = slog.StringValue(safe)
		}
	default: // booleans, floats, times and durations hold no secret
	}
	return a
}
