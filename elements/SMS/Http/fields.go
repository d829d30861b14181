package httptype

import (
	"errors"
	"net/url"
	"strings"
)

// fields are a form or a query that the configuration writes as text: templates of
// name=value, without the & between them.
type fields []template

// compileFields parses text with the delimiters of a form.
func compileFields(pointer, text string, names *placeNames, e escaper) (fields, error) {
	t, err := parse(pointer, text, names)
	if err != nil {
		return nil, err
	}
	return t.fields(pointer, e)
}

// fields splits a template at each & of its literals, and escapes it.
func (t template) fields(pointer string, e escaper) (fields, error) {
	list := fields{nil}
	for _, p := range t {
		if p.placeholder != nil {
			list[len(list)-1] = append(list[len(list)-1], p)
			continue
		}
		for i, part := range strings.Split(p.literal, "&") {
			if i > 0 {
				list = append(list, nil)
			}
			list[len(list)-1] = append(list[len(list)-1], piece{literal: part})
		}
	}
	for i, field := range list {
		field, err := field.protectValue(pointer)
		if err != nil {
			return nil, err
		}
		if err := field.escape(pointer, e); err != nil {
			return nil, err
		}
		list[i] = field
	}
	return list, nil
}

// protectValue is protectJSON for what follows the = of a field.
func (t template) protectValue(pointer string) (template, error) {
	if len(t) == 0 {
		return t, nil
	}
	name, first, ok := strings.Cut(t[0].literal, "=")
	if !ok {
		return t, nil
	}
	value := template{{literal: unescaped(first)}}
	for _, p := range t[1:] {
		p.literal = unescaped(p.literal)
		value = append(value, p)
	}
	protected, err := value.protectJSON(pointer)
	if err != nil || len(protected) != 1 || protected[0].placeholder == nil {
		return t, err
	}
	return append(template{{literal: name + "="}}, protected...), nil
}

// unescaped returns text without percent-encoding, or as it is if it has a bad one.
func unescaped(literal string) string {
	if text, err := url.QueryUnescape(literal); err == nil {
		return text
	}
	return literal
}

// render leaves out the fields with a parameter that the message doesn't bring.
func (f fields) render(s *scope) (string, error) {
	var pairs []string
	for _, field := range f {
		pair, err := field.render(s)
		switch {
		case errors.Is(err, errOmitted):
			continue
		case err != nil:
			return "", err
		}
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "&"), nil
}
