package httptype

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// body is the template of the request's body.
type body interface {
	// render returns the text of the body before it is encoded in the charset.
	render(s *scope) (string, error)
	mediaType() string
}

const formType = "application/x-www-form-urlencoded"

// newBody returns the configured body, nil for none.
func newBody(c Config, names *placeNames) (body, error) {
	kind := c.BodyType
	empty := len(c.Body) == 0 || string(c.Body) == "null"
	if kind == "" {
		kind = "json"
		if empty {
			kind = "none"
		}
	}
	switch {
	case kind == "none" && empty:
		return nil, nil
	case kind == "none":
		return nil, sdk.ConfigError("/body", "bodyType none has no body")
	case empty:
		return nil, sdk.ConfigError("/body", "is missing")
	case c.Method == http.MethodGet:
		return nil, sdk.ConfigError("/body", "a GET request has no body")
	case kind == "json":
		return newJSONBody(c.Body, names)
	}
	var text string
	if json.Unmarshal(c.Body, &text) != nil {
		if kind == "form" {
			return newForm(c, names)
		}
		return nil, sdk.ConfigError("/body", "must be text")
	}
	if kind == "form" {
		fields, err := compileFields("/body", text, names, charset(c.Charset).urlEscaper())
		return formText(fields), err
	}
	b := &textBody{}
	var err error
	switch kind {
	case "xml":
		b.kind = "text/xml"
		b.template, err = compileXML("/body", text, names)
	default:
		b.kind = "text/plain"
		b.template, err = compile("/body", text, names, textEscaper)
	}
	return b, err
}

// textBody is a body that the configuration writes as text.
type textBody struct {
	template
	kind string
}

func (b *textBody) mediaType() string { return b.kind }

// render leaves gaps for parameters that the message doesn't bring: a text has no keys.
func (b *textBody) render(s *scope) (string, error) { return b.renderGaps(s) }

// formText is a form that the configuration writes as text.
type formText fields

func (formText) mediaType() string { return formType }

func (f formText) render(s *scope) (string, error) { return fields(f).render(s) }

// form is a form that the configuration writes as an object.
type form []formField

type formField struct {
	name  string // escaped
	value template
}

func newForm(c Config, names *placeNames) (body, error) {
	e := charset(c.Charset).formEscaper()
	d := jsontext.NewDecoder(bytes.NewReader(c.Body), jsontext.AllowDuplicateNames(true))
	if d.PeekKind() != '{' {
		return nil, sdk.ConfigError("/body", "must be an object or text")
	}
	_, _ = d.ReadToken()
	var f form
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, sdk.ConfigError("/body", "is not JSON")
		}
		var field formField
		pointer := "/body" + string(d.StackPointer())
		if field.name, err = e.literal(name.String()); err != nil {
			return nil, sdk.ConfigError(pointer, "can't be written in the charset")
		}
		value, err := d.ReadValue()
		text, ok := delivery.ScalarText(json.RawMessage(value))
		if err != nil || !ok {
			return nil, sdk.ConfigError(pointer, "must be text, a number, true or false")
		}
		if field.value, err = compile(pointer, text, names, e); err != nil {
			return nil, err
		}
		f = append(f, field)
	}
	return f, nil
}

func (f form) mediaType() string { return formType }

func (f form) render(s *scope) (string, error) {
	var pairs []string
	for _, field := range f {
		value, err := field.value.render(s)
		switch {
		case errors.Is(err, errOmitted):
			continue
		case err != nil:
			return "", err
		}
		pairs = append(pairs, field.name+"="+value)
	}
	return strings.Join(pairs, "&"), nil
}
