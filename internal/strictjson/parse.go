package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may be nested.
const MaxDepth = 64

// maxNumber bounds a number's literal, maxExponent its exponent: arithmetic on
// what passes is cheap.
const (
	maxNumber   = 64
	maxExponent = 400
)

// SyntaxError says why a text is no JSON that is read here. Message quotes
// nothing but names of members.
type SyntaxError struct {
	File    string
	Line    int
	Pointer string
	Message string
}

// Error is "file:line: message".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Parse reads one JSON text. It is stricter than RFC 8259 has to be: names in an
// object are unique, the text is UTF-8, nesting and numbers have bounds. A byte
// order mark at the start is ignored, as RFC 8259 section 8.1 allows. The error
// is a *SyntaxError.
func Parse(file string, src []byte) (*Value, error) {
	p := &parser{file: file, src: bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")), line: 1}
	p.space()
	if p.pos == len(p.src) {
		return nil, p.fail("the file is empty")
	}
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos != len(p.src) {
		return nil, p.fail("there is text after the end of the JSON value")
	}
	return v, nil
}

type parser struct {
	file string
	src  []byte
	pos  int
	line int
	path []string
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{File: p.file, Line: p.line, Pointer: Pointer(p.path), Message: fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case '\n':
			p.line++
		case ' ', '\t', '\r':
		default:
			return
		}
		p.pos++
	}
}

func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) value() (*Value, error) {
	v := &Value{File: p.file, Line: p.line}
	switch c := p.peek(); {
	case p.pos >= len(p.src):
		return nil, p.fail("the text ends where a value is expected")
	case c == '{':
		v.Kind = Object
		return v, p.object(v)
	case c == '[':
		v.Kind = Array
		return v, p.array(v)
	case c == '"':
		text, err := p.str()
		v.Kind, v.Text = String, text
		return v, err
	case c == '-' || c >= '0' && c <= '9':
		text, err := p.number()
		v.Kind, v.Text = Number, text
		return v, err
	case c == '/':
		return nil, p.fail("a value is expected; JSON has no comments")
	}
	for word, kind := range map[string]Kind{"true": Bool, "false": Bool, "null": Null} {
		if bytes.HasPrefix(p.src[p.pos:], []byte(word)) {
			p.pos += len(word)
			v.Kind, v.Text = kind, word
			return v, nil
		}
	}
	return nil, p.fail("a value is expected")
}

func (p *parser) object(v *Value) error {
	if len(p.path) >= MaxDepth {
		return p.fail("nested deeper than %d levels", MaxDepth)
	}
	p.pos++
	var seen map[string]int
	for first := true; ; first = false {
		p.space()
		if first && p.peek() == '}' {
			p.pos++
			return nil
		}
		if p.peek() != '"' {
			if p.peek() == '}' {
				return p.fail("a comma stands before the closing brace")
			}
			return p.fail("a member's name in double quotes is expected")
		}
		line := p.line
		name, err := p.str()
		if err != nil {
			return err
		}
		if seen == nil {
			seen = make(map[string]int)
		}
		p.path = append(p.path, name)
		if before, twice := seen[name]; twice {
			return p.fail("%q stands twice in one object, first in line %d", name, before)
		}
		seen[name] = line
		p.space()
		if p.peek() != ':' {
			return p.fail("a colon is expected after %q", name)
		}
		p.pos++
		p.space()
		member, err := p.value()
		if err != nil {
			return err
		}
		p.path = p.path[:len(p.path)-1]
		v.Members = append(v.Members, Member{name, line, member})
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return nil
		default:
			return p.fail("a comma or a closing brace is expected")
		}
	}
}

func (p *parser) array(v *Value) error {
	if len(p.path) >= MaxDepth {
		return p.fail("nested deeper than %d levels", MaxDepth)
	}
	p.pos++
	for first := true; ; first = false {
		p.space()
		if p.peek() == ']' {
			if !first {
				return p.fail("a comma stands before the closing bracket")
			}
			p.pos++
			return nil
		}
		p.path = append(p.path, strconv.Itoa(len(v.Items)))
		item, err := p.value()
		if err != nil {
			return err
		}
		p.path = p.path[:len(p.path)-1]
		v.Items = append(v.Items, item)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return nil
		default:
			return p.fail("a comma or a closing bracket is expected")
		}
	}
}

func (p *parser) str() (string, error) {
	start := p.pos
	plain := true
	for p.pos++; p.pos < len(p.src); p.pos++ {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			raw := p.src[start:p.pos]
			if !utf8.Valid(raw) {
				return "", p.fail("a string is not UTF-8")
			}
			if plain {
				return string(raw[1 : len(raw)-1]), nil
			}
			var text string
			if json.Unmarshal(raw, &text) != nil {
				return "", p.fail("a string holds an escape that JSON doesn't know")
			}
			return text, nil
		case c == '\\':
			plain = false
			p.pos++
		case c < 0x20:
			return "", p.fail("a string holds a control character or isn't closed")
		}
	}
	return "", p.fail("a string isn't closed")
}

func (p *parser) number() (string, error) {
	start := p.pos
	for p.pos < len(p.src) && bytes.IndexByte([]byte("+-.eE0123456789"), p.src[p.pos]) >= 0 {
		p.pos++
	}
	text := string(p.src[start:p.pos])
	if !ValidNumber(text) {
		return "", p.fail("a number is malformed or out of range")
	}
	return text, nil
}

// ValidNumber says whether a text is a JSON number within the bounds of Parse.
func ValidNumber(text string) bool {
	if len(text) == 0 || len(text) > maxNumber || !json.Valid([]byte(text)) || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return false
	}
	if i := bytes.IndexAny([]byte(text), "eE"); i >= 0 {
		exponent, err := strconv.Atoi(text[i+1:])
		if err != nil || exponent > maxExponent || exponent < -maxExponent {
			return false
		}
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
