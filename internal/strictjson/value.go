// Package strictjson reads JSON strictly. Its values keep their file and line, so that a
// problem with a value can name its place even after several files were merged. It
// doesn't know what the values mean.
package strictjson

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Kind is the JSON type of a Value.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// String returns the name of the kind in JSON Schema.
func (k Kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// Value is a JSON value with its place. It isn't changed once it has been read.
type Value struct {
	Kind Kind
	// File and Line, from 1, are its place.
	File string
	Line int
	// Text is the value of a String, or the literal of a Number or Bool.
	Text string
	// Items are those of an Array.
	Items []*Value
	// Members are those of an Object, in the order of the source.
	Members []Member
	// Variable is the variable that the whole value came from.
	Variable string
	// Masked is Text with secret variables masked, empty if it holds none.
	Masked string
}

// Member is a member of an Object. Line is that of its name.
type Member struct {
	Name  string
	Line  int
	Value *Value
}

// Get returns a member of an Object, nil if there is none.
func (v *Value) Get(name string) *Value {
	if v == nil {
		return nil
	}
	for i := range v.Members {
		if v.Members[i].Name == name {
			return v.Members[i].Value
		}
	}
	return nil
}

// Without returns the Object without a member.
func (v *Value) Without(name string) *Value {
	if v.Get(name) == nil {
		return v
	}
	c := *v
	c.Members = make([]Member, 0, len(v.Members)-1)
	for _, m := range v.Members {
		if m.Name != name {
			c.Members = append(c.Members, m)
		}
	}
	return &c
}

// At follows the tokens of a JSON pointer as far as they lead. It returns the last value
// on the way and its line, of a member that of its name.
func (v *Value) At(tokens []string) (*Value, int) {
	line := v.Line
	for _, token := range tokens {
		var next *Value
		switch v.Kind {
		case Null, Bool, Number, String:
		case Object:
			for i := range v.Members {
				if v.Members[i].Name == token {
					next, line = v.Members[i].Value, v.Members[i].Line
				}
			}
		case Array:
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v.Items) {
				next = v.Items[i]
				line = next.Line
			}
		}
		if next == nil {
			break
		}
		v = next
	}
	return v, line
}

// Any returns the value as encoding/json decodes it, with numbers as json.Number.
func (v *Value) Any() any {
	switch v.Kind {
	case Null:
		return nil
	case Bool:
		return v.Text == "true"
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case Array:
		items := make([]any, len(v.Items))
		for i, item := range v.Items {
			items[i] = item.Any()
		}
		return items
	case Object:
		members := make(map[string]any, len(v.Members))
		for _, m := range v.Members {
			members[m.Name] = m.Value.Any()
		}
		return members
	}
	return nil
}

// Append appends the compact JSON text of the value to dst.
func (v *Value) Append(dst []byte) []byte {
	switch v.Kind {
	case Null:
		return append(dst, "null"...)
	case Bool, Number:
		return append(dst, v.Text...)
	case String:
		return appendString(dst, v.Text)
	case Array:
		dst = append(dst, '[')
		for i, item := range v.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.Append(dst)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i, m := range v.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.Name), ':')
			dst = m.Value.Append(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	s = strings.ToValidUTF8(s, "\uFFFD") // environment variables may hold any bytes
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// Merge returns base with over merged into it: objects member by member, anything else
// replaced. All parts keep their places. Neither argument is changed.
func Merge(base, over *Value) *Value {
	if base == nil {
		return over
	}
	if over == nil {
		return base
	}
	if base.Kind != Object || over.Kind != Object {
		return over
	}
	merged := *over
	merged.Members = make([]Member, 0, len(base.Members)+len(over.Members))
	at := make(map[string]int, len(base.Members))
	for _, m := range base.Members {
		at[m.Name] = len(merged.Members)
		merged.Members = append(merged.Members, m)
	}
	for _, m := range over.Members {
		if i, known := at[m.Name]; known {
			merged.Members[i] = Member{m.Name, m.Line, Merge(merged.Members[i].Value, m.Value)}
		} else {
			merged.Members = append(merged.Members, m)
		}
	}
	return &merged
}

// Pointer returns the JSON pointer (RFC 6901) of tokens.
func Pointer(tokens []string) string {
	var b strings.Builder
	for _, token := range tokens {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// Tokens returns the tokens of a JSON pointer, none if it doesn't begin with a slash.
func Tokens(pointer string) []string {
	below, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil
	}
	tokens := strings.Split(below, "/")
	for i, token := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return tokens
}
