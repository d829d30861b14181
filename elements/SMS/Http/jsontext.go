package httptype

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// jsonString returns a text of JSON with its quotes.
func jsonString(text string) string {
	quoted, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(text, "\uFFFD"))
	if err != nil {
		panic(err) // not UTF-8
	}
	return string(quoted)
}

// protectJSON returns a template whose text is JSON with values that can't leave their
// places: within quotes they are escaped, elsewhere only texts of JSON and numbers may
// stand. Any other template stays as it is.
func (t template) protectJSON(pointer string) (template, error) {
	within, ok := t.jsonPlaces()
	if !ok {
		return t, nil
	}
	for i, p := range t {
		switch {
		case p.placeholder == nil:
		case within[i]:
			p.placeholder.filters = append(p.placeholder.filters, jsonContent)
		case p.placeholder.isJSON:
		case p.placeholder.kind == numberValue || p.placeholder.kind == timeValue:
			p.placeholder.filters = append(p.placeholder.filters, jsonNumber)
		default:
			return nil, sdk.ConfigError(pointer, "${%s} stands in JSON without quotes around it: write ${%[1]s | json}", p.placeholder.source)
		}
	}
	return template{{placeholder: &placeholder{source: "JSON", read: t.renderJSON}}}, nil
}

// jsonPlaces reports whether a template is JSON with placeholders, and which pieces of
// it stand within quotes.
func (t template) jsonPlaces() (within []bool, ok bool) {
	if len(t) == 0 || !strings.HasPrefix(strings.TrimLeft(t[0].literal, " \t\r\n"), "{") && !strings.HasPrefix(strings.TrimLeft(t[0].literal, " \t\r\n"), "[") {
		return nil, false
	}
	within = make([]bool, len(t))
	var document strings.Builder
	quoted, values := false, 0
	for i, p := range t {
		if p.placeholder != nil {
			within[i] = quoted
			document.WriteByte('0')
			values++
			continue
		}
		document.WriteString(p.literal)
		for at := 0; at < len(p.literal); at++ {
			switch {
			case quoted && p.literal[at] == '\\':
				at++
			case p.literal[at] == '"':
				quoted = !quoted
			}
		}
	}
	return within, values > 0 && json.Valid([]byte(document.String()))
}

// jsonContent escapes a value for the inside of a text of JSON.
func jsonContent(v value, _ *scope) (value, error) {
	quoted := jsonString(v.text())
	return value{data: quoted[1 : len(quoted)-1]}, nil
}

// jsonNumber accepts what is a number in JSON.
func jsonNumber(v value, _ *scope) (value, error) {
	text := v.text()
	if kind := jsontext.Value(text).Kind(); kind != '0' || !json.Valid([]byte(text)) {
		return value{}, errcode.New(smscode.Params, "a value is no number, as its place in JSON wants it")
	}
	return value{data: text}, nil
}

// omittedMark stands for an omitted parameter until its member is removed. It is a
// noncharacter, which no text has.
const omittedMark = "\uFDD0"

// renderJSON renders a template that is JSON. The members and items with a parameter
// that the message doesn't bring are left out.
func (t template) renderJSON(s *scope) (value, error) {
	text, err := t.render(s)
	if !errors.Is(err, errOmitted) {
		return value{data: text}, err
	}
	if text, err = t.render(s.withOmitted(omittedMark)); err != nil {
		return value{}, err
	}
	clean, ok := withoutMarked(text)
	if !ok {
		return value{}, errOmitted
	}
	return value{data: clean}, nil
}

// withoutMarked removes the members and items of a JSON value that are texts with the
// mark of an omitted parameter.
func withoutMarked(text string) (string, bool) {
	d := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	var name *jsontext.Token
	for {
		token, err := d.ReadToken()
		if err != nil {
			return strings.TrimSuffix(out.String(), "\n"), out.Len() > 0
		}
		token = token.Clone()
		switch {
		case token.Kind() == '"' && isName(d):
			name = &token
			continue
		case token.Kind() == '"' && strings.Contains(token.String(), omittedMark):
			name = nil
			continue
		}
		if name != nil {
			_ = e.WriteToken(*name)
			name = nil
		}
		_ = e.WriteToken(token)
	}
}
