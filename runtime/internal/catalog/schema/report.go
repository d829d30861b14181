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
		r.findings = append(r.findings, Finding{Tokens: slices.Clone(tokens), Message: fmt.Sprintf(format, args...), Unknown: unknown})
	}
}

// about notes which known key the newest finding is about.
func (r *report) about(key string) {
	if len(r.findings) < maxFindings {
		r.findings[len(r.findings)-1].about = key
	}
}

// toldOtherwise reports whether a missing key stands there misspelt, which another
// finding tells.
func (r *report) toldOtherwise(missing Finding) bool {
	return !missing.Unknown && missing.about != "" && slices.ContainsFunc(r.findings, func(f Finding) bool {
		return f.Unknown && f.about == missing.about && slices.Equal(f.Tokens[:len(f.Tokens)-1], missing.Tokens)
	})
}

func (r *report) sorted() []Finding {
	var told []Finding
	for _, f := range r.findings {
		if !r.toldOtherwise(f) {
			told = append(told, f)
		}
	}
	r.findings = told
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
		r.add(at, false, "expected %s%s%s", article(k.Want), from, r.found(at, from == ""))
	case *kind.Enum:
		r.add(at, false, "expected one of %s%s", listed(k.Want), r.near(at, k.Want))
	case *kind.Const:
		r.add(at, false, "expected %s%s", listed([]any{k.Want}), r.found(at, true))
	case *kind.Required:
		for _, missing := range k.Missing {
			r.add(at, false, "%q is required%s", missing, r.misspelt(at, missing))
			r.about(missing)
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
		r.add(at, false, "expected at least %s%s", k.Want.RatString(), r.found(at, true))
	case *kind.Maximum:
		r.add(at, false, "expected at most %s%s", k.Want.RatString(), r.found(at, true))
	case *kind.ExclusiveMinimum:
		r.add(at, false, "expected more than %s%s", k.Want.RatString(), r.found(at, true))
	case *kind.ExclusiveMaximum:
		r.add(at, false, "expected less than %s%s", k.Want.RatString(), r.found(at, true))
	case *kind.MultipleOf:
		r.add(at, false, "expected a multiple of %s%s", k.Want.RatString(), r.found(at, true))
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

// maxShown bounds the letters of a value that a message quotes.
const maxShown = 60

// text returns the value at a place as a message may show it, empty where it is
// secret, comes from a variable, or is long or no plain value.
func (r *report) text(at []string) string {
	v, _ := r.value.At(at)
	if v.Variable != "" || v.Masked != "" || r.schema.secret(r.value, at) || len(v.Text) > maxShown {
		return ""
	}
	switch v.Kind {
	case strictjson.String, strictjson.Number, strictjson.Bool:
		return string(v.Append(nil))
	case strictjson.Null:
		return "null"
	default:
		return ""
	}
}

// found tells what stands at a place.
func (r *report) found(at []string, show bool) string {
	if text := r.text(at); show && text != "" {
		return ", not " + text
	}
	return ""
}

// near tells what stands at a place, and which of the allowed texts it is probably
// meant to be.
func (r *report) near(at []string, allowed []any) string {
	found := r.found(at, true)
	v, _ := r.value.At(at)
	if found == "" || v.Kind != strictjson.String {
		return found
	}
	var texts []string
	for _, value := range allowed {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}
	if near := nearest.Name(v.Text, texts); near != "" {
		return fmt.Sprintf("%s; did you mean %q?", found, near)
	}
	return found
}

func (r *report) unknown(at []string, name string) {
	tokens := append(slices.Clone(at), name)
	if near := nearest.Name(name, r.schema.keys(r.value, at)); near != "" {
		r.add(tokens, true, "unknown key %q; did you mean %q?", name, near)
		r.about(near)
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
