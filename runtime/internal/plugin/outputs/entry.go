package outputs

import (
	"encoding/json"
	"log/slog"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxAttributes = 16
	maxAttribute  = 1024
)

type entry struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// parse reads a line as hclog's JSON or as text with an optional level in brackets. Its
// fields may be of any type.
func parse(raw []byte) entry {
	if len(raw) > 0 && raw[0] == '{' {
		if e, ok := parseJSON(raw); ok {
			return e
		}
	}
	text := string(raw)
	e := entry{level: slog.LevelInfo, message: Printable(text)}
	if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") {
		e.level = slog.LevelError
	}
	if name, rest, ok := strings.Cut(strings.TrimPrefix(text, "["), "]"); ok && strings.HasPrefix(text, "[") {
		if level, known := Level(name); known {
			e.level, e.message = level, Printable(strings.TrimSpace(rest))
		}
	}
	return e
}

func parseJSON(raw []byte) (entry, bool) {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return entry{}, false
	}
	message, ok := fields["@message"].(string)
	if !ok {
		return entry{}, false
	}
	e := entry{level: slog.LevelInfo, message: Printable(message)}
	if name, ok := fields["@level"].(string); ok {
		if level, known := Level(name); known {
			e.level = level
		}
	}
	for _, own := range []string{"@message", "@level", "@timestamp", "@caller", "@module"} {
		delete(fields, own)
	}
	e.attrs = Attributes(fields)
	return e, true
}

// Level returns the level of a name, and whether there is one.
func Level(name string) (slog.Level, bool) {
	switch strings.ToLower(name) {
	case "trace", "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn", "warning":
		return slog.LevelWarn, true
	case "error", "fatal":
		return slog.LevelError, true
	}
	return slog.LevelInfo, false
}

// Attributes returns log attributes for the fields of a plugin: bounded in number and
// length, printable, in the order of their names.
func Attributes(fields map[string]any) []slog.Attr {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	if len(names) > maxAttributes {
		names = names[:maxAttributes]
	}
	attrs := make([]slog.Attr, 0, len(names)+1)
	for _, name := range names {
		key := Printable(cut(name, 64))
		switch v := fields[name].(type) {
		case string:
			attrs = append(attrs, slog.String(key, Printable(cut(v, maxAttribute))))
		case bool, float64, nil:
			attrs = append(attrs, slog.Any(key, v))
		default:
			text, err := json.Marshal(v)
			if err != nil {
				continue
			}
			attrs = append(attrs, slog.String(key, Printable(cut(string(text), maxAttribute))))
		}
	}
	return attrs
}

// Printable replaces characters that could forge a log line or disturb a terminal:
// control characters, line separators, those that change the writing direction, and
// bytes that are not UTF-8.
func Printable(s string) string {
	clean := true
	for _, r := range s {
		if !printable(r) {
			clean = false
			break
		}
	}
	if clean && utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !printable(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

func printable(r rune) bool { return r == ' ' || unicode.IsPrint(r) }

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
