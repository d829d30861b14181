package gateway

import (
	"strconv"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// charset is the encoding of request and answer: "utf-8" or "gbk".
type charset string

const gbk charset = "gbk"

// encode gives text in the charset. What the charset doesn't have can't be sent.
func (c charset) encode(text string) ([]byte, error) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if c != gbk {
		return []byte(text), nil
	}
	raw, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		return nil, errcode.New(delivery.CodeParams, "a value can't be written in gbk")
	}
	return []byte(raw), nil
}

// decode gives the text of an answer.
func (c charset) decode(raw []byte) string {
	if c == gbk {
		if text, err := simplifiedchinese.GBK.NewDecoder().Bytes(raw); err == nil {
			raw = text
		}
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD")
}

// percent encodes everything but the unreserved characters of RFC 3986.
func percent(raw []byte) string { return delivery.Escape(string(raw)) }

// percentText encodes a value for a URL or a form.
func (c charset) percentText(v value) (string, error) {
	if v.digest {
		return v.shown(), nil
	}
	raw, err := v.bytes(c)
	return percent(raw), err
}

// percentLiteral encodes what of a configured URL or form isn't ASCII.
func (c charset) percentLiteral(text string) (string, error) {
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
		out.WriteString(percent(raw))
	}
	return out.String(), nil
}

func itoa(n int) string { return strconv.Itoa(n) }
