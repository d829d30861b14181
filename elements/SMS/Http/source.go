package httptype

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// scope has the values of one message.
type scope struct {
	message *delivery.Message
	secrets map[string]string
	charset charset
	now     time.Time
	nonce   string
	body    string // encoded
	signed  string // encoded
	// handshake is the value that a vendor wants to hear again.
	handshake string
	values    map[string]*namedTemplate
	// known are the values that are computed already. It is shared by copies.
	known map[string]value
	// digests are noted because a vendor may echo them.
	digests *[]string
	// omitted is what stands for a parameter that the message doesn't bring, nil if
	// the template with it is left out.
	omitted *string
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
	timeValue                     // data is the milliseconds since 1970, shown in seconds
	numberValue                   // data is the digits of a number in JSON
)

// text returns the value as text.
func (v value) text() string {
	switch v.kind {
	case digestValue:
		return hex.EncodeToString([]byte(v.data))
	case timeValue:
		return strconv.FormatInt(v.time().Unix(), 10)
	default:
		return v.data
	}
}

// bytes returns the value as it is sent.
func (v value) bytes(c charset) (string, error) {
	if v.kind == encodedValue || v.kind == digestValue {
		return v.data, nil
	}
	return c.encode(v.text())
}

func (v value) time() time.Time {
	ms, _ := strconv.ParseInt(v.data, 10, 64)
	return time.UnixMilli(ms).UTC()
}

// source is what a placeholder reads.
type source struct {
	read func(*scope) (value, error)
	kind valueKind
}

// sourceNames are the sources that every place of a request has, in the order in which
// errors list them.
var sourceNames = []string{"phone", "phoneNational", "phoneDigits", "countryCode", "template", "sign", "text", "requestId", "requestNumber", "timestamp", "nonce"}

var sources = map[string]source{
	"phone":         textSource(textValue, func(s *scope) string { return s.message.Phone.E164() }),
	"phoneNational": textSource(textValue, func(s *scope) string { return s.message.Phone.National() }),
	"phoneDigits":   textSource(numberValue, func(s *scope) string { return s.message.Phone.Digits() }),
	"countryCode":   textSource(numberValue, func(s *scope) string { return s.message.Phone.CountryCode() }),
	"template":      textSource(numberValue, func(s *scope) string { return s.message.Template }),
	"sign":          textSource(textValue, func(s *scope) string { return s.message.Sign }),
	"text":          {readText, textValue},
	"requestId":     textSource(textValue, func(s *scope) string { return s.message.RequestID }),
	"requestNumber": textSource(numberValue, func(s *scope) string { return s.message.Number() }),
	"timestamp":     textSource(timeValue, func(s *scope) string { return strconv.FormatInt(s.now.UnixMilli(), 10) }),
	"nonce":         textSource(textValue, func(s *scope) string { return s.nonce }),
	// Some places only:
	"body":   textSource(encodedValue, func(s *scope) string { return s.body }),
	"signed": textSource(encodedValue, func(s *scope) string { return s.signed }),
	"value":  textSource(textValue, func(s *scope) string { return s.handshake }),
}

func textSource(kind valueKind, text func(*scope) string) source {
	return source{func(s *scope) (value, error) { return value{text(s), kind}, nil }, kind}
}

func secret(name string) func(*scope) (value, error) {
	return textSource(textValue, func(s *scope) string { return s.secrets[name] }).read
}

func readText(s *scope) (value, error) {
	if s.message.Text == "" && s.message.OtherTemplate {
		return value{}, errOmitted
	}
	return value{data: s.message.Text}, nil
}

func param(name string) func(*scope) (value, error) {
	return func(s *scope) (value, error) {
		given, ok := s.message.Given[name]
		switch {
		case ok:
			return value{data: given}, nil
		case s.message.OtherTemplate:
			return value{}, errOmitted
		}
		return value{}, errcode.New(smscode.Params, "parameter %q is missing", name).With(smscode.Param, name)
	}
}

// namedValue computes a value of the configuration once a message.
func namedValue(name string) func(*scope) (value, error) {
	return func(s *scope) (value, error) {
		if v, ok := s.known[name]; ok {
			return v, nil
		}
		v, err := s.values[name].value(s)
		if err == nil {
			s.known[name] = v
		}
		return v, err
	}
}

// withOmitted returns a copy in which a text stands for omitted parameters.
func (s *scope) withOmitted(text string) *scope {
	c := *s
	c.omitted, c.known = &text, map[string]value{}
	return &c
}

// noteDigest notes a digest in the forms in which it may be sent.
func (s *scope) noteDigest(v value) {
	if v.kind == digestValue && s.digests != nil {
		*s.digests = append(*s.digests, v.text(), strings.ToUpper(v.text()), base64Text(v.data))
	}
}
