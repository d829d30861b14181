package gateway

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// xmlBody is an XML document with placeholders in text, attributes and CDATA.
type xmlBody struct {
	template
	places []xmlPlace // of each piece
}

// xmlPlace is where in a document something stands.
type xmlPlace int

const (
	inText xmlPlace = iota
	inAttribute
	inCDATA
	inTag     // between < and >, outside of an attribute's value
	inComment // or a processing instruction, or a declaration
)

// xmlScanner follows a document's markup over literal text.
type xmlScanner struct {
	place xmlPlace
	end   string // of the attribute, comment or CDATA
}

func (x *xmlScanner) scan(text string) {
	for text != "" {
		switch x.place {
		case inText:
			at := strings.IndexByte(text, '<')
			if at < 0 {
				return
			}
			text = text[at:]
			x.place, x.end = inTag, ">"
			for _, opening := range []struct {
				begin, end string
				place      xmlPlace
			}{{"<![CDATA[", "]]>", inCDATA}, {"<!--", "-->", inComment}, {"<?", "?>", inComment}, {"<!", ">", inComment}} {
				if strings.HasPrefix(text, opening.begin) {
					x.place, x.end = opening.place, opening.end
					text = text[len(opening.begin):]
					break
				}
			}
			if x.place == inTag {
				text = text[1:]
			}
		case inTag:
			at := strings.IndexAny(text, `>"'`)
			if at < 0 {
				return
			}
			if text[at] == '>' {
				x.place = inText
			} else {
				x.place, x.end = inAttribute, text[at:at+1]
			}
			text = text[at+1:]
		default:
			at := strings.Index(text, x.end)
			if at < 0 {
				return
			}
			text = text[at+len(x.end):]
			if x.place == inAttribute {
				x.place = inTag
			} else {
				x.place = inText
			}
		}
	}
}

func newXML(t template) (body, error) {
	b := &xmlBody{template: t}
	var x xmlScanner
	var full, empty strings.Builder
	for _, p := range t {
		switch {
		case p.place == nil:
			x.scan(p.literal)
			full.WriteString(p.literal)
			empty.WriteString(p.literal)
		case x.place == inTag || x.place == inComment:
			return nil, sdk.ConfigError("/body", "placeholders may stand in text, in attributes' values and in CDATA")
		case x.place == inCDATA:
			full.WriteString("x")
			empty.WriteString(cdata(""))
		default:
			full.WriteString("x")
		}
		b.places = append(b.places, x.place)
	}
	if !wellFormed(full.String()) || !wellFormed(empty.String()) {
		return nil, sdk.ConfigError("/body", "is no well-formed XML")
	}
	return b, nil
}

func wellFormed(document string) bool {
	d := xml.NewDecoder(strings.NewReader(document))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	elements := 0
	for {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && elements > 0
		}
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
	}
}

func (b *xmlBody) contentType() string { return "text/xml" }

func (b *xmlBody) write(s *scope) (string, error) {
	var out strings.Builder
	for i, p := range b.template {
		if p.place == nil {
			out.WriteString(p.literal)
			continue
		}
		v, err := p.place.eval(s)
		if err != nil {
			return "", err
		}
		if b.places[i] == inCDATA {
			out.WriteString(cdata(v.shown()))
		} else {
			out.WriteString(xmlText(v.shown()))
		}
	}
	return out.String(), nil
}

// xmlRune gives a character that XML 1.0 §2.2 allows.
func xmlRune(r rune) rune {
	if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF {
		return r
	}
	return '\uFFFD'
}

// xmlText escapes for text and attributes. White space is written as references,
// since a reader would turn it into something else.
func xmlText(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch r = xmlRune(r); r {
		case '&':
			out.WriteString("&amp;")
		case '<':
			out.WriteString("&lt;")
		case '>':
			out.WriteString("&gt;")
		case '"':
			out.WriteString("&quot;")
		case '\'':
			out.WriteString("&apos;")
		case '\t', '\n', '\r':
			out.WriteString("&#" + itoa(int(r)) + ";")
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// cdata leaves the section for what can't stand in it and begins another, and does
// so for an empty value too, so that the literals around can't make up an end.
func cdata(text string) string {
	if text == "" {
		return "]]><![CDATA["
	}
	var out strings.Builder
	for _, r := range text {
		switch r = xmlRune(r); r {
		case ']':
			out.WriteString("]]>]<![CDATA[")
		case '>':
			out.WriteString("]]>&gt;<![CDATA[")
		case '\r':
			out.WriteString("]]>&#13;<![CDATA[")
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
