package httptype

import (
	"encoding/hex"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// scope has the values of one message.
type scope struct {
	message   *delivery.Message
	secrets   map[string]string
	timestamp string
	charset   charset
	body      string // encoded
	signed    string // encoded
	// sample replaces every placeholder with an x, to try a template without a message.
	sample bool
}

// value is the value of a placeholder on its way through the filters.
type value struct {
	data string
	kind valueKind
}

type valueKind int

const (
	textValue    valueKind = iota // data is UTF-8
	encodedValue                  // data is the bytes as they are sent
	digestValue                   // data is the bytes of a digest, shown in hexadecimal
)

// text returns the value as text.
func (v value) text() string {
	if v.kind == digestValue {
		return hex.EncodeToString([]byte(v.data))
	}
	return v.data
}

// bytes returns the value as it is sent.
func (v value) bytes(c charset) (string, error) {
	if v.kind == textValue {
		return c.encode(v.data)
	}
	return v.data, nil
}

// sourceNames are the sources that every place has, in the order in which errors list
// them.
var sourceNames = []string{"phone", "phoneNational", "phoneDigits", "countryCode", "template", "sign", "text", "requestId", "requestNumber", "timestamp"}

var sources = map[string]func(*scope) (value, error){
	"phone":         textSource(func(s *scope) string { return s.message.Phone.E164() }),
	"phoneNational": textSource(func(s *scope) string { return s.message.Phone.National() }),
	"phoneDigits":   textSource(func(s *scope) string { return s.message.Phone.Digits() }),
	"countryCode":   textSource(func(s *scope) string { return s.message.Phone.CountryCode() }),
	"template":      textSource(func(s *scope) string { return s.message.Template }),
	"sign":          textSource(func(s *scope) string { return s.message.Sign }),
	"text":          textSource(func(s *scope) string { return s.message.Text }),
	"requestId":     textSource(func(s *scope) string { return s.message.RequestID }),
	"requestNumber": textSource(func(s *scope) string { return s.message.Number() }),
	"timestamp":     textSource(func(s *scope) string { return s.timestamp }),
	// Some places only:
	"body":   func(s *scope) (value, error) { return value{s.body, encodedValue}, nil },
	"signed": func(s *scope) (value, error) { return value{s.signed, encodedValue}, nil },
}

func textSource(text func(*scope) string) func(*scope) (value, error) {
	return func(s *scope) (value, error) { return value{data: text(s)}, nil }
}

func secret(name string) func(*scope) (value, error) {
	return textSource(func(s *scope) string { return s.secrets[name] })
}

func param(name string) func(*scope) (value, error) {
	return func(s *scope) (value, error) {
		given, ok := s.message.Given[name]
		if !ok {
			return value{}, errcode.New(smscode.Params, "parameter %q is missing", name).With(smscode.Param, name)
		}
		return value{data: given}, nil
	}
}
