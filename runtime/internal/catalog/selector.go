package catalog

import (
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
)

// Find returns the elements of a selector in name order: ".T" selects the instances of T
// and of Types derived from it, "a.*" everything below a, "#x=y" those whose e.json has
// "x": "y", a full name one element, and "," joins selectors. Any other selector is an
// API_PARAMS_ERROR.
func (s *Snapshot) Find(selector string) ([]*Element, error) {
	var tests []func(*Element) bool
	for part := range strings.SplitSeq(selector, ",") {
		test := parseSelector(strings.TrimSpace(part))
		if test == nil {
			return nil, errcode.New(errcode.Params, `a selector is ".Type", "name.*", "#key=value", or several joined by ","`).With("arg", "selector")
		}
		tests = append(tests, test)
	}
	var found []*Element
	for _, name := range s.names {
		e := s.elements[name]
		if slices.ContainsFunc(tests, func(test func(*Element) bool) bool { return test(e) }) {
			found = append(found, e)
		}
	}
	return found, nil
}

func parseSelector(part string) func(*Element) bool {
	if name, ok := strings.CutPrefix(part, "."); ok && manifest.ValidName(name) {
		return func(e *Element) bool { return e.Rank == Instance && e.Is(name) }
	}
	if name, ok := strings.CutSuffix(part, ".*"); ok && manifest.ValidName(name) {
		prefix := name + "."
		return func(e *Element) bool { return strings.HasPrefix(e.FullName, prefix) }
	}
	if rest, ok := strings.CutPrefix(part, "#"); ok {
		key, value, ok := strings.Cut(rest, "=")
		if ok && key != "" {
			return func(e *Element) bool { return e.has(key, value) }
		}
	}
	if manifest.ValidName(part) {
		return func(e *Element) bool { return e.FullName == part }
	}
	return nil
}

// has reports whether e.json has a text under a key. A tag may list several words.
func (e *Element) has(key, value string) bool {
	switch key {
	case "title":
		return e.Title == value
	case "type":
		return e.Type == value && len(e.EJSON) > 0
	case "tag":
		return e.Tag != "" && (e.Tag == value || slices.Contains(strings.FieldsFunc(e.Tag, func(r rune) bool { return r == ',' || r == ' ' }), value))
	case "accessModifier":
		return e.Access == value
	}
	if e.manifest == nil {
		return false
	}
	text, ok := e.manifest.Texts[key]
	return ok && text == value
}
