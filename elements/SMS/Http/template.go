package httptype

import (
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
	value   func(*scope) (value, error)
	filters []filter
}

// placeholderNames are the names that placeholders can use in one place. Sources that
// they use are noted in used.
type placeholderNames struct {
	secrets map[string]string
	extra   []string
	used    map[string]bool
	// plain notes the sources whose values the request shows as they are.
	plain map[string]bool
}

func (n placeholderNames) with(source string) placeholderNames {
	n.extra = append(slices.Clone(n.extra), source)
	return n
}

// compile parses a template for the place that e escapes. pointer is where it stands
// in the configuration.
func compile(pointer, text string, names placeholderNames, e escaper) (template, error) {
	t, err := parse(pointer, text, names)
	if err != nil {
		return nil, err
	}
	for i := range t {
		if p := t[i].placeholder; p != nil {
			p.filters = append(p.filters, e.value)
		} else if t[i].literal, err = e.literal(t[i].literal); err != nil {
			return nil, sdk.ConfigError(pointer, "can't be written in the charset")
		}
	}
	return t, nil
}

func parse(pointer, text string, names placeholderNames) (template, error) {
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
			return nil, sdk.ConfigError(pointer, "a placeholder ${ has no end }")
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

func parsePlaceholder(pointer, text string, names placeholderNames) (*placeholder, error) {
	parts := strings.Split(text, "|")
	full := strings.TrimSpace(parts[0])
	source, name, _ := strings.Cut(full, ".")
	p := &placeholder{}
	switch {
	case source == "params" && paramName.MatchString(name):
		p.value = param(name)
	case source == "secrets" && name != "":
		if _, ok := names.secrets[name]; !ok {
			return nil, sdk.ConfigError(pointer, "there is no secret %q", name)
		}
		p.value = secret(name)
	case slices.Contains(sourceNames, full) || slices.Contains(names.extra, full):
		p.value = sources[full]
	default:
		known := slices.Concat(sourceNames, names.extra, []string{"params.NAME", "secrets.NAME"})
		return nil, sdk.ConfigError(pointer, "unknown placeholder ${%s}; there are %s", full, strings.Join(known, ", "))
	}
	names.used[source] = true
	if len(parts) == 1 {
		names.plain[source] = true
	}
	for _, text := range parts[1:] {
		f, err := parseFilter(pointer, strings.TrimSpace(text), names)
		if err != nil {
			return nil, err
		}
		p.filters = append(p.filters, f)
	}
	return p, nil
}

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

func (p *placeholder) eval(s *scope) (value, error) {
	if s.sample {
		return value{data: "x"}, nil
	}
	v, err := p.value(s)
	for _, f := range p.filters {
		if err != nil {
			break
		}
		v, err = f(v, s.charset)
	}
	return v, err
}

// sortedKeys returns a map's keys in order, so that results don't depend on the order
// of a map.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
