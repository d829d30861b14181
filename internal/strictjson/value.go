// Package strictjson reads JSON and remembers where each value stood, so that
// whoever finds a value wrong can name its file, line and JSON pointer, even
// after several files were merged into one value. It knows nothing of what the
// values mean.
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

// String is the kind's name as JSON Schema spells it.
func (k Kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// Value is one JSON value with the place it came from. A Value that has been
// merged or handed out is not changed any more.
type Value struct {
	Kind Kind
	// File and Line, from 1, are the place of the value.
	File string
	Line int
	// Text is a String's value, or the literal of a Number or Bool.
	Text string
	// Items of an Array.
	Items []*Value
	// Members of an Object, in the order of the source.
	Members []Member
	// Variable names the variable that the whole value stands for, once replaced.
	Variable string
	// Masked is how Text may be shown, when secret variables went into it.
	Masked string
}

// Member is a name with its value. Line is the name's.
type Member struct {
	Name  string
	Line  int
	Value *Value
}

// Get gives a member of an Object, nil where there is none.
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

// Without gives the Object without one member.
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

// At follows the tokens of a JSON pointer as far as they lead, and gives the
// last value and line on the way: the member's own line where it has one.
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

// Any gives the value as encoding/json would, with numbers as json.Number.
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

// Append adds the value's compact JSON text, members in order.
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
	s = strings.ToValidUTF8(s, "\uFFFD") // what an environment variable may hold
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

// Merge lays over on top of base: objects are merged member by member, anything
// else is replaced. Each part of the result keeps its place. Neither is changed.
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

// Pointer writes tokens as a JSON pointer (RFC 6901).
func Pointer(tokens []string) string {
	var b strings.Builder
	for _, token := range tokens {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// Tokens reads a JSON pointer; what doesn't begin with a slash has none.
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
