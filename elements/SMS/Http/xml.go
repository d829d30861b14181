package httptype

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// compileXML parses an XML document with placeholders in text, in attributes' values
// and in CDATA.
func compileXML(pointer, text string, names *placeNames) (template, error) {
	t, err := parse(pointer, text, names)
	if err != nil {
		return nil, err
	}
	// A rune that the document doesn't have stands for each placeholder.
	marker := '\uE000'
	for strings.ContainsRune(text, marker) {
		marker++
	}
	var document strings.Builder
	var placeholders []*placeholder
	for _, p := range t {
		if p.placeholder != nil {
			placeholders = append(placeholders, p.placeholder)
			document.WriteRune(marker)
		}
		document.WriteString(p.literal)
	}
	escapes, err := xmlEscapes(document.String(), string(marker))
	switch {
	case err != nil:
		return nil, sdk.ConfigError(pointer, "is no well-formed XML")
	case len(escapes) != len(placeholders):
		return nil, sdk.ConfigError(pointer, "placeholders may stand in text, in attributes' values and in CDATA")
	}
	for i, p := range placeholders {
		p.filters = append(p.filters, escapes[i])
	}
	return t, nil
}

// xmlEscapes returns the escaping filter of each marker in a document that stands
// where a value may.
func xmlEscapes(document, marker string) (escapes []filter, err error) {
	d := xml.NewDecoder(strings.NewReader(document))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	add := func(text string, escape filter) {
		for range strings.Count(text, marker) {
			escapes = append(escapes, escape)
		}
	}
	elements := 0
	for {
		start := d.InputOffset()
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && elements > 0:
			return escapes, nil
		case err != nil:
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements++
			for _, attribute := range token.Attr {
				add(attribute.Value, xmlText)
			}
		case xml.CharData:
			if strings.HasPrefix(document[start:], "<![CDATA[") {
				add(string(token), xmlCDATA)
			} else {
				add(string(token), xmlText)
			}
		}
	}
}

// xmlRune replaces a character that XML 1.0 §2.2 forbids.
func xmlRune(r rune) rune {
	if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF {
		return r
	}
	return '\uFFFD'
}

// textEscapes writes white space as references, because a parser normalizes it.
var textEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;",
	"\t", "&#9;", "\n", "&#10;", "\r", "&#13;")

// xmlText escapes a value for text and attributes.
func xmlText(v value, _ *scope) (value, error) {
	return value{data: textEscapes.Replace(strings.Map(xmlRune, v.text()))}, nil
}

// cdataEscapes ends the section for what can't stand in it and begins another.
var cdataEscapes = strings.NewReplacer("]", "]]>]<![CDATA[", ">", "]]>&gt;<![CDATA[", "\r", "]]>&#13;<![CDATA[")

// xmlCDATA escapes a value for a CDATA section. An empty value splits the section, so
// that the literals around it can't form its end.
func xmlCDATA(v value, _ *scope) (value, error) {
	text := v.text()
	if text == "" {
		return value{data: "]]><![CDATA["}, nil
	}
	return value{data: cdataEscapes.Replace(strings.Map(xmlRune, text))}, nil
}
