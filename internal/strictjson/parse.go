package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth bounds how deep the arrays and objects of Parse are nested.
const MaxDepth = 64

// The literal and the exponent of a number are bounded, so that arithmetic on it is
// cheap.
const (
	maxNumber   = 64
	maxExponent = 400
)

// The kinds of SyntaxError that callers distinguish.
var (
	ErrNotUTF8   = errors.New("the text is not UTF-8")
	ErrDuplicate = errors.New("a key stands twice in one object")
	ErrTooDeep   = errors.New("the text is nested too deep")
)

var trailingComma = regexp.MustCompile(`^,\s*[\]}]`)

// SyntaxError says why a text is not accepted. Message quotes only names of members and
// single characters.
type SyntaxError struct {
	File    string
	Line    int
	Pointer string
	Message string
	// Err is ErrNotUTF8, ErrDuplicate, ErrTooDeep or nil.
	Err error
}

// Error returns "file:line: message".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Unwrap returns the kind of error.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads one JSON text. It is stricter than RFC 8259 has to be: names in an object
// are unique, the text is UTF-8, nesting and numbers are bounded. It ignores a byte
// order mark at the start. The error is a *SyntaxError.
func Parse(file string, src []byte) (*Value, error) {
	r := newReader(file, bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")), MaxDepth)
	var v *Value
	err := r.text(func(token jsontext.Token) (err error) {
		v, err = r.value(token)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Check returns a *SyntaxError unless src is one JSON text in UTF-8, with unique names
// in each object and at most depth levels of nesting.
func Check(src []byte, depth int) error {
	r := newReader("", src, depth)
	return r.text(func(jsontext.Token) error {
		for r.decoder.StackDepth() > 0 {
			if _, err := r.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

// reader reads the tokens of one text and counts its lines.
type reader struct {
	file    string
	src     []byte
	depth   int
	decoder *jsontext.Decoder
	offset  int // behind the last token
	line    int // of the last token
}

func newReader(file string, src []byte, depth int) *reader {
	// Escapes of lone surrogates are accepted, as encoding/json accepts them.
	decoder := jsontext.NewDecoder(bytes.NewBuffer(src), jsontext.AllowInvalidUTF8(true))
	return &reader{file: file, src: src, depth: depth, decoder: decoder, line: 1}
}

// text calls value with the first token and checks that nothing follows.
func (r *reader) text(value func(jsontext.Token) error) error {
	if bytes.HasPrefix(r.src, []byte("\xff\xfe")) || bytes.HasPrefix(r.src, []byte("\xfe\xff")) {
		return r.fail(ErrNotUTF8, "the text is UTF-16; save it as UTF-8")
	}
	if !utf8.Valid(r.src) {
		return r.fail(ErrNotUTF8, "the text is not UTF-8")
	}
	token, err := r.next()
	if err != nil {
		return err
	}
	if err := value(token); err != nil {
		return err
	}
	if _, err := r.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return r.fail(nil, "there is text after the end of the JSON value")
	}
	return nil
}

func (r *reader) fail(kind error, format string, args ...any) error {
	return &SyntaxError{File: r.file, Line: r.line, Pointer: string(r.decoder.StackPointer()), Message: fmt.Sprintf(format, args...), Err: kind}
}

// next reads a token.
func (r *reader) next() (jsontext.Token, error) {
	token, err := r.decoder.ReadToken()
	if err != nil {
		return token, r.syntaxError(err)
	}
	r.advance(int(r.decoder.InputOffset()))
	if r.decoder.StackDepth() > r.depth {
		return token, r.fail(ErrTooDeep, "nested deeper than %d levels", r.depth)
	}
	return token, nil
}

func (r *reader) advance(offset int) {
	r.line += bytes.Count(r.src[r.offset:offset], []byte("\n"))
	r.offset = offset
}

func (r *reader) syntaxError(err error) error {
	var bad *jsontext.SyntacticError
	if !errors.As(err, &bad) {
		return r.fail(nil, "the text is empty")
	}
	r.advance(int(bad.ByteOffset))
	var kind error
	message := bad.Err.Error()
	wrong := bytes.TrimLeft(r.src[r.offset:], " \t\r\n")
	parent, length := r.decoder.StackIndex(r.decoder.StackDepth())
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		kind, message = ErrDuplicate, fmt.Sprintf("%q stands twice in one object", bad.JSONPointer.LastToken())
	case errors.Is(err, io.ErrUnexpectedEOF):
		message = "the text ends too early"
	case bytes.HasPrefix(wrong, []byte("/")), bytes.HasPrefix(wrong, []byte("#")):
		message = "JSON has no comments"
	case lookalike(wrong) != "":
		message = lookalike(wrong)
	case trailingComma.Match(wrong):
		message = "a comma stands before the closing brace or bracket"
	case parent == '{' && length%2 == 0 && strings.HasSuffix(message, "at start of value"):
		message = "a member's name in double quotes is expected"
	}
	return &SyntaxError{File: r.file, Line: r.line, Pointer: string(bad.JSONPointer), Message: message, Err: kind}
}

// lookalikes are the characters of other keyboards that stand for those of JSON.
var lookalikes = map[rune]string{
	'，': "a comma", '：': "a colon", '“': "a double quote", '”': "a double quote", '„': "a double quote", '＂': "a double quote",
	'｛': "an opening brace", '｝': "a closing brace", '［': "an opening bracket", '］': "a closing bracket", '【': "an opening bracket", '】': "a closing bracket",
	'、': "a comma", '；': "a comma", '\'': "a double quote", '‘': "a double quote", '’': "a double quote", '\u00a0': "a space", '\u3000': "a space",
}

// lookalike describes the character at the start of a text if it only looks like one
// of JSON, else it returns "".
func lookalike(text []byte) string {
	found, _ := utf8.DecodeRune(text)
	if plain := lookalikes[found]; plain != "" {
		return fmt.Sprintf("%q (%U) stands where JSON wants %s", found, found, plain)
	}
	return ""
}

// value reads the value that begins with a token.
func (r *reader) value(token jsontext.Token) (*Value, error) {
	v := &Value{File: r.file, Line: r.line}
	switch token.Kind() {
	case 'n':
		v.Kind = Null
	case 't', 'f':
		v.Kind, v.Text = Bool, token.String()
	case '"':
		v.Kind, v.Text = String, token.String()
	case '0':
		v.Kind, v.Text = Number, token.String()
		if !ValidNumber(v.Text) {
			return nil, r.fail(nil, "a number is out of range")
		}
	case '{':
		v.Kind = Object
		return v, r.members(v)
	case '[':
		v.Kind = Array
		return v, r.items(v)
	default: // next has refused it
	}
	return v, nil
}

func (r *reader) members(v *Value) error {
	for {
		token, err := r.next()
		if bad := (*SyntaxError)(nil); errors.As(err, &bad) && errors.Is(bad.Err, ErrDuplicate) {
			tokens := Tokens(bad.Pointer)
			_, line := v.At(tokens[len(tokens)-1:])
			bad.Message += fmt.Sprintf(", first in line %d", line)
		}
		if err != nil || token.Kind() == '}' {
			return err
		}
		member := Member{Name: token.String(), Line: r.line}
		if token, err = r.next(); err != nil {
			return err
		}
		if member.Value, err = r.value(token); err != nil {
			return err
		}
		v.Members = append(v.Members, member)
	}
}

func (r *reader) items(v *Value) error {
	for {
		token, err := r.next()
		if err != nil || token.Kind() == ']' {
			return err
		}
		item, err := r.value(token)
		if err != nil {
			return err
		}
		v.Items = append(v.Items, item)
	}
}

// ValidNumber reports whether a text is a JSON number within the bounds of Parse.
func ValidNumber(text string) bool {
	if len(text) > maxNumber || jsontext.Value(text).Kind() != '0' || !json.Valid([]byte(text)) {
		return false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent, err := strconv.Atoi(text[i+1:])
		if err != nil || exponent > maxExponent || exponent < -maxExponent {
			return false
		}
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// Whole returns the plain form of a number that is whole, however it is written: 6 for
// 6.0 and 6e0. It reports false for any other text, and for more than 64 bits.
func Whole(text string) (string, bool) {
	if !ValidNumber(text) {
		return "", false
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok || !value.IsInt() || !value.Num().IsInt64() {
		return "", false
	}
	return value.Num().String(), true
}
