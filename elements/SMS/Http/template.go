package httptype

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// template is text with placeholders, ${source | filter | filter}. "$${" stands for
// "${". It is compiled for one kind of place in a request: its literals are escaped
// for that place, and the last filter of each placeholder escapes its value.
type template []piece

// piece is literal text or a placeholder.
type piece struct {
	literal     string
	placeholder *placeholder
}

type placeholder struct {
	// source is the text before the filters, for errors.
	source string
	read   func(*scope) (value, error)
	kind   valueKind // of what the filters yield
	// filters are applied in order; the last one escapes.
	filters []filter
	// isJSON reports that the last of the configured filters is json.
	isJSON bool
}

// compile parses a template for the place that e escapes. pointer is where it stands
// in the configuration. In text that is JSON, values are escaped for JSON first.
func compile(pointer, text string, names *placeNames, e escaper) (template, error) {
	t, err := parse(pointer, text, names)
	if err != nil {
		return nil, err
	}
	if t, err = t.protectJSON(pointer); err != nil {
		return nil, err
	}
	return t, t.escape(pointer, e)
}

// escape escapes the literals, and the values last of all.
func (t template) escape(pointer string, e escaper) (err error) {
	for i := range t {
		if p := t[i].placeholder; p != nil {
			p.filters = append(p.filters, e.value)
		} else if t[i].literal, err = e.literal(t[i].literal); err != nil {
			return sdk.ConfigError(pointer, "can't be written in the charset")
		}
	}
	return nil
}

func parse(pointer, text string, names *placeNames) (template, error) {
	var t template
	for text != "" {
		at := strings.Index(text, "${")
		switch {
		case at < 0:
			return append(t, piece{literal: text}), nil
		case at > 0 && text[at-1] == '$':
			t = append(t, piece{literal: text[:at-1] + "${"})
			text = text[at+2:]
			continue
		case at > 0:
			t = append(t, piece{literal: text[:at]})
		}
		inner, rest, ok := strings.Cut(text[at+2:], "}")
		if !ok {
			return nil, sdk.ConfigError(pointer, "a placeholder ${ has no end }; $${ stands for a literal ${")
		}
		p, err := parsePlaceholder(pointer, inner, names)
		if err != nil {
			return nil, err
		}
		t = append(t, piece{placeholder: p})
		text = rest
	}
	return t, nil
}

var paramName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func parsePlaceholder(pointer, text string, names *placeNames) (*placeholder, error) {
	parts := strings.Split(text, "|")
	source := strings.TrimSpace(parts[0])
	p := &placeholder{source: source}
	reversible, legible := true, true
	if err := names.resolve(pointer, p); err != nil {
		return nil, err
	}
	for _, text := range parts[1:] {
		f, err := parseFilter(pointer, strings.TrimSpace(text), p.kind, names)
		if err != nil {
			return nil, err
		}
		p.filters, p.kind, p.isJSON = append(p.filters, f.apply), f.kind, f.isJSON
		reversible, legible = reversible && f.reversible, legible && f.legible
	}
	if reversible {
		names.show(source, legible)
	}
	return p, nil
}

// errOmitted is the error of a template with a parameter that the message doesn't
// bring and doesn't need: what the template stands for is left out with its key.
var errOmitted = errors.New("httptype: a parameter that this message doesn't bring")

// render returns the template with a message's values.
func (t template) render(s *scope) (string, error) {
	var out strings.Builder
	for _, p := range t {
		text := p.literal
		if p.placeholder != nil {
			v, err := p.placeholder.eval(s)
			if err != nil {
				return "", err
			}
			text = v.text()
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

// renderGaps is like render, but leaves a gap where a parameter is omitted.
func (t template) renderGaps(s *scope) (string, error) {
	return t.render(s.withOmitted(""))
}

// value returns what a template yields: a single placeholder's value as it is, a
// digest as bytes.
func (t template) value(s *scope) (value, error) {
	if len(t) == 1 && t[0].placeholder != nil {
		return t[0].placeholder.eval(s)
	}
	var out strings.Builder
	for _, p := range t {
		v := value{data: p.literal}
		if p.placeholder != nil {
			var err error
			if v, err = p.placeholder.eval(s); err != nil {
				return value{}, err
			}
		}
		if v.kind != encodedValue && t.kind() == encodedValue {
			// Bytes and text can't be mixed.
			raw, err := s.charset.encode(v.text())
			if err != nil {
				return value{}, err
			}
			v = value{raw, encodedValue}
		}
		out.WriteString(v.text())
	}
	return value{out.String(), t.kind()}, nil
}

// kind returns the kind of the template's value.
func (t template) kind() valueKind {
	if len(t) == 1 && t[0].placeholder != nil {
		return t[0].placeholder.kind
	}
	for _, p := range t {
		if p.placeholder != nil && p.placeholder.kind == encodedValue {
			return encodedValue
		}
	}
	return textValue
}

func (p *placeholder) eval(s *scope) (value, error) {
	v, err := p.read(s)
	if errors.Is(err, errOmitted) && s.omitted != nil {
		v, err = value{data: *s.omitted}, nil
	}
	for _, f := range p.filters {
		if err != nil {
			break
		}
		v, err = f(v, s)
	}
	return v, err
}

// sortedKeys returns a map's keys in order, so that results don't depend on the order
// of a map.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
