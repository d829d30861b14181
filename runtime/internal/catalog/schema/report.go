package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/internal/strictjson"
)

// maxFindings bounds the findings of one configuration.
const maxFindings = 50

type report struct {
	schema   *Schema
	value    *strictjson.Value
	findings []Finding
}

func (r *report) add(tokens []string, unknown bool, format string, args ...any) {
	if len(r.findings) < maxFindings {
		r.findings = append(r.findings, Finding{slices.Clone(tokens), fmt.Sprintf(format, args...), unknown})
	}
}

func (r *report) sorted() []Finding {
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		_, la := r.value.At(a.Tokens)
		_, lb := r.value.At(b.Tokens)
		return la - lb
	})
	return slices.CompactFunc(r.findings, func(a, b Finding) bool {
		return a.Message == b.Message && slices.Equal(a.Tokens, b.Tokens)
	})
}

// collect adds a finding for each leaf in the tree of an error.
func (r *report) collect(e *jsonschema.ValidationError) {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		r.branches(e)
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			r.collect(cause)
		}
		return
	}
	r.leaf(e)
}

// branches reports the findings of the nearest alternative: the one of the right type
// with the fewest errors.
func (r *report) branches(e *jsonschema.ValidationError) {
	if one, ok := e.ErrorKind.(*kind.OneOf); ok && len(one.Subschemas) > 1 {
		r.add(e.InstanceLocation, false, "fits several alternatives of which exactly one is allowed")
		return
	}
	var best *report
	var types []string
	for _, cause := range e.Causes {
		branch := &report{schema: r.schema, value: r.value}
		branch.collect(cause)
		if wanted := typeAt(cause, e.InstanceLocation); wanted != nil {
			types = append(types, wanted...)
			continue
		}
		if best == nil || len(branch.findings) < len(best.findings) {
			best = branch
		}
	}
	switch {
	case best != nil:
		r.findings = append(r.findings, best.findings...)
	case len(types) > 0:
		slices.Sort(types)
		r.add(e.InstanceLocation, false, "expected %s", strings.Join(slices.Compact(types), " or "))
	default:
		r.add(e.InstanceLocation, false, "fits none of the allowed alternatives")
	}
}

// typeAt returns the types that a branch expects at a place, nil if the type there is
// right.
func typeAt(e *jsonschema.ValidationError, at []string) []string {
	if k, ok := e.ErrorKind.(*kind.Type); ok && slices.Equal(e.InstanceLocation, at) {
		return k.Want
	}
	for _, cause := range e.Causes {
		if wanted := typeAt(cause, at); wanted != nil {
			return wanted
		}
	}
	return nil
}

func (r *report) leaf(e *jsonschema.ValidationError) {
	at := e.InstanceLocation
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		from := ""
		if v, _ := r.value.At(at); v.Variable != "" {
			from = fmt.Sprintf(", which the value of variable %s is not", v.Variable)
		}
		r.add(at, false, "expected %s%s", article(k.Want), from)
	case *kind.Enum:
		r.add(at, false, "expected one of %s", listed(k.Want))
	case *kind.Const:
		r.add(at, false, "expected %s", listed([]any{k.Want}))
	case *kind.Required:
		for _, missing := range k.Missing {
			r.add(at, false, "%q is required%s", missing, r.misspelt(at, missing))
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			r.unknown(at, name)
		}
	case *kind.FalseSchema:
		if len(at) > 0 {
			r.unknown(at[:len(at)-1], at[len(at)-1])
			return
		}
		r.add(at, false, "nothing is allowed here")
	case *kind.DependentRequired:
		r.add(at, false, "with %q, %s required too", k.Prop, quotedList(k.Missing))
	case *kind.PropertyNames:
		r.add(at, false, "a member's name is not of the expected form")
	case *kind.MinLength:
		if k.Want == 1 {
			r.add(at, false, "expected a text that isn't empty")
			return
		}
		r.add(at, false, "expected at least %d characters", k.Want)
	case *kind.MaxLength:
		r.add(at, false, "expected at most %d characters", k.Want)
	case *kind.Pattern:
		r.add(at, false, "expected a text of the form %s", k.Want)
	case *kind.Format:
		r.add(at, false, "expected a text of the format %s", k.Want)
	case *kind.Minimum:
		r.add(at, false, "expected at least %s", k.Want.RatString())
	case *kind.Maximum:
		r.add(at, false, "expected at most %s", k.Want.RatString())
	case *kind.ExclusiveMinimum:
		r.add(at, false, "expected more than %s", k.Want.RatString())
	case *kind.ExclusiveMaximum:
		r.add(at, false, "expected less than %s", k.Want.RatString())
	case *kind.MultipleOf:
		r.add(at, false, "expected a multiple of %s", k.Want.RatString())
	case *kind.MinItems:
		r.add(at, false, "expected at least %d items", k.Want)
	case *kind.MaxItems:
		r.add(at, false, "expected at most %d items", k.Want)
	case *kind.UniqueItems:
		r.add(at, false, "items %d and %d are equal", k.Duplicates[0], k.Duplicates[1])
	case *kind.MinProperties:
		r.add(at, false, "expected at least %d members", k.Want)
	case *kind.MaxProperties:
		r.add(at, false, "expected at most %d members", k.Want)
	default:
		path := e.ErrorKind.KeywordPath()
		r.add(at, false, "not allowed by the schema's %q", strings.Join(path, "/"))
	}
}

func (r *report) unknown(at []string, name string) {
	tokens := append(slices.Clone(at), name)
	if near := nearest.Name(name, r.schema.keys(r.value, at)); near != "" {
		r.add(tokens, true, "unknown key %q; did you mean %q?", name, near)
		return
	}
	r.add(tokens, true, "unknown key %q", name)
}

// misspelt hints at a member that was probably meant to be the missing one.
func (r *report) misspelt(at []string, missing string) string {
	v, _ := r.value.At(at)
	known := r.schema.keys(r.value, at)
	var unknown []string
	for _, m := range v.Members {
		if !slices.Contains(known, m.Name) {
			unknown = append(unknown, m.Name)
		}
	}
	if near := nearest.Name(missing, unknown); near != "" {
		return fmt.Sprintf("; is %q meant to be it?", near)
	}
	return ""
}

func article(types []string) string {
	names := map[string]string{"integer": "a whole number", "number": "a number", "string": "a string",
		"boolean": "true or false", "array": "an array", "object": "an object", "null": "null"}
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = names[t]
	}
	return strings.Join(words, " or ")
}

func listed(values []any) string {
	words := make([]string, 0, len(values))
	for _, v := range values {
		switch v := v.(type) {
		case string:
			words = append(words, fmt.Sprintf("%q", v))
		case map[string]any, []any:
			words = append(words, "a value that the schema lists")
		default:
			words = append(words, fmt.Sprint(v))
		}
	}
	return strings.Join(words, ", ")
}

func quotedList(names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = fmt.Sprintf("%q", name)
	}
	if len(words) == 1 {
		return words[0] + " is"
	}
	return strings.Join(words, ", ") + " are"
}
