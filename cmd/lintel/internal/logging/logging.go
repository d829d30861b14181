// Package logging writes the command's log lines. It leaves out empty attributes,
// and masks what looks like a phone number or a secret. The masks are a second
// line of defense: they can't know every secret, so code that logs must not be
// given any.
package logging

import (
	"fmt"
	"io"
	"log/slog"
)

// NewHandler returns a handler that writes lines of at least level to w, as JSON
// or as text.
func NewHandler(w io.Writer, asJSON bool, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: clean}
	if asJSON {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

// clean masks an attribute's value. It returns no attribute for an empty value.
func clean(_ []string, a slog.Attr) slog.Attr {
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
