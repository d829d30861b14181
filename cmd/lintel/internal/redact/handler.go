// Package redact is a second line of defence for logs: a slog handler that masks
// what looks like a phone number or a secret, in case whoever wrote a line forgot.
// It can't know every secret; code that logs must not be given any.
package redact

import (
	"context"
	"fmt"
	"log/slog"
)

// Handler masks messages and attributes on their way to the next handler.
type Handler struct{ next slog.Handler }

var _ slog.Handler = (*Handler)(nil)

// New puts a Handler before next.
func New(next slog.Handler) *Handler { return &Handler{next: next} }

// Enabled is the next handler's.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes on a masked copy of the record.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(attr(a))
		return true
	})
	return h.next.Handle(ctx, clean)
}

// WithAttrs masks the attributes once.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = attr(a)
	}
	return &Handler{next: h.next.WithAttrs(clean)}
}

// WithGroup opens a group in the next handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{next: h.next.WithGroup(name)}
}

func attr(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindGroup:
		members := a.Value.Group()
		clean := make([]slog.Attr, len(members))
		for i, m := range members {
			clean[i] = attr(m)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(clean...)}
	case slog.KindBool, slog.KindDuration, slog.KindTime, slog.KindFloat64:
		return a
	case slog.KindInt64, slog.KindUint64:
		// Counts and milliseconds are numbers too: only the name tells.
		if secret(a.Key) {
			return slog.String(a.Key, masked)
		}
		return a
	case slog.KindString:
		return slog.String(a.Key, value(a.Key, a.Value.String()))
	default:
		if a.Value.Any() == nil {
			return a
		}
		plain := fmt.Sprintf("%+v", a.Value.Any())
		if clean := value(a.Key, plain); clean != plain {
			return slog.String(a.Key, clean)
		}
		return a
	}
}

func value(key, s string) string {
	if s == "" {
		return s
	}
	if secret(key) || code(key, s) {
		return masked
	}
	return text(s)
}
