package httptype

import (
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// charset is the encoding of request and response: "utf-8" or "gbk".
type charset string

const gbk charset = "gbk"

// encode returns text in the charset, or an error if the charset lacks a character.
func (c charset) encode(text string) (string, error) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if c != gbk {
		return text, nil
	}
	encoded, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		return "", errcode.New(smscode.Params, "a value can't be written in gbk")
	}
	return encoded, nil
}

// decode returns the text of a response.
func (c charset) decode(r *delivery.Response) string {
	raw := r.Body
	if c == gbk && !r.Unicode {
		if text, err := simplifiedchinese.GBK.NewDecoder().Bytes(raw); err == nil {
			raw = text
		}
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD")
}

// escaper escapes the literals and values of a template for one kind of place.
type escaper struct {
	literal func(string) (string, error)
	value   filter
}

func asIs(literal string) (string, error) { return literal, nil }

// textEscaper is for text that is escaped as a whole, or not at all.
var textEscaper = escaper{asIs, func(v value, _ *scope) (value, error) { return value{data: v.text()}, nil }}

// wireEscaper is for text that is signed as it is sent.
func (c charset) wireEscaper() escaper {
	return escaper{c.encode, func(v value, s *scope) (value, error) {
		if v.kind == digestValue {
			return value{data: v.text()}, nil
		}
		raw, err := v.bytes(s.charset)
		return value{raw, encodedValue}, err
	}}
}

// urlEscaper is for a URL or a form that is written as text: its literals keep their
// delimiters.
func (c charset) urlEscaper() escaper {
	return escaper{c.percentNonASCII, percentFilter}
}

// formEscaper is for one value of a form.
func (c charset) formEscaper() escaper {
	return escaper{func(literal string) (string, error) {
		raw, err := c.encode(literal)
		return delivery.Escape(raw), err
	}, percentFilter}
}

// percentNonASCII percent-encodes what isn't visible ASCII.
func (c charset) percentNonASCII(text string) (string, error) {
	var out strings.Builder
	for _, r := range text {
		if r > ' ' && r < 0x7f {
			out.WriteRune(r)
			continue
		}
		raw, err := c.encode(string(r))
		if err != nil {
			return "", err
		}
		out.WriteString(delivery.Escape(raw))
	}
	return out.String(), nil
}

// headerEscaper is for the value of a header: one line of visible ASCII.
var headerEscaper = escaper{
	func(literal string) (string, error) { return headerText(literal), nil },
	func(v value, s *scope) (value, error) {
		if v.kind == digestValue {
			return value{data: v.text()}, nil
		}
		raw, err := v.bytes(s.charset)
		return value{data: headerText(raw)}, err
	},
}

// headerText percent-encodes what can't stand in a header.
func headerText(raw string) string {
	var out strings.Builder
	for _, b := range []byte(raw) {
		if b >= ' ' && b <= '~' {
			out.WriteByte(b)
		} else {
			out.WriteString(delivery.Escape(string([]byte{b})))
		}
	}
	return out.String()
}
