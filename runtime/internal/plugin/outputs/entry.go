package outputs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxAttributes = 16
	maxAttribute  = 1024
	maxNumber     = 64
)

type entry struct {
	level   slog.Level
	message string
	// call is the id of the call that the line belongs to, as the plugin says.
	call   string
	fields map[string]any
}

// callField is the field in which a line names its call.
const callField = "@call"

// parse reads a line as hclog's JSON or as text with an optional level in brackets. Its
// fields may be of any type.
func parse(raw []byte) entry {
	if len(raw) > 0 && raw[0] == '{' {
		if e, ok := parseJSON(raw); ok {
			return e
		}
	}
	text := string(raw)
	e := entry{level: textLevel(text), message: Printable(text)}
	if _, rest, bracketed := bracketLevel(text); bracketed {
		e.message = Printable(strings.TrimSpace(rest))
	}
	return e
}

// textLevel returns the level of a line that isn't JSON.
func textLevel(text string) slog.Level {
	if level, _, bracketed := bracketLevel(text); bracketed {
		return level
	}
	if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// bracketLevel cuts off a level in brackets, such as [WARN].
func bracketLevel(text string) (level slog.Level, rest string, ok bool) {
	inside, opened := strings.CutPrefix(text, "[")
	name, rest, closed := strings.Cut(inside, "]")
	level, known := Level(name)
	return level, rest, opened && closed && known
}

func parseJSON(raw []byte) (entry, bool) {
	fields, ok := Fields(raw)
	if !ok {
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
	e.call, _ = fields[callField].(string)
	for _, own := range []string{callField, "@message", "@level", "@timestamp", "@caller", "@module"} {
		delete(fields, own)
	}
	e.fields = fields
	return e, true
}

// Fields reads the fields of a line, a JSON object. Numbers keep their digits, so that
// what masks a phone number finds it.
func Fields(raw []byte) (fields map[string]any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&fields) != nil || fields == nil {
		return nil, false
	}
	_, err := d.Token()
	return fields, errors.Is(err, io.EOF)
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

// group is the name of the group of a plugin's own fields.
const group = "plugin"

// Attribute returns the fields of a plugin as one group, so that none passes for the
// host's: bounded in number and length, printable, in the order of their names. What
// the host says already is left out.
func Attribute(fields map[string]any, said []slog.Attr) slog.Attr {
	for _, a := range said {
		if text, ok := fields[a.Key].(string); ok && text == a.Value.String() {
			delete(fields, a.Key)
		}
	}
	names := slices.Sorted(maps.Keys(fields))
	if len(names) > maxAttributes {
		names = names[:maxAttributes]
	}
	attrs := make([]slog.Attr, 0, len(names))
	for _, name := range names {
		key := Printable(cut(name, 64))
		if key == "" {
			continue
		}
		switch v := fields[name].(type) {
		case string:
			attrs = append(attrs, slog.String(key, Printable(cut(v, maxAttribute))))
		case json.Number:
			if len(v) <= maxNumber {
				attrs = append(attrs, slog.Any(key, v))
			}
		case bool, nil:
			attrs = append(attrs, slog.Any(key, v))
		default:
			text, err := json.Marshal(v)
			if err != nil {
				continue
			}
			attrs = append(attrs, slog.String(key, Printable(cut(string(text), maxAttribute))))
		}
	}
	return slog.Attr{Key: group, Value: slog.GroupValue(attrs...)}
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
