package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

// Reference is a string that is the full name of an element according to the schema.
type Reference struct {
	Tokens []string
	Name   string
	Family string
}

// References returns the references of a valid value. Of alternatives only those that
// the value matches count.
func (s *Schema) References(v *strictjson.Value) []Reference {
	var refs []Reference
	walk(v, applicable([]*jsonschema.Schema{s.root}), nil, func(v *strictjson.Value, schemas []*jsonschema.Schema, tokens []string) {
		if v.Kind != strictjson.String {
			return
		}
		for _, sub := range schemas {
			for _, ext := range sub.Extensions {
				keyword, ok := ext.(elementKeyword)
				if !ok || keyword.family == "" || sub.Validate(v.Text) != nil {
					continue
				}
				refs = append(refs, Reference{append([]string(nil), tokens...), v.Text, keyword.family})
			}
		}
	})
	return refs
}

// Exclusion means that the value at Tokens is not allowed if the element named at Beside
// belongs to Family.
type Exclusion struct {
	Tokens, Beside []string
	Family         string
}

// Exclusions returns the exclusions of a valid value.
func (s *Schema) Exclusions(v *strictjson.Value) []Exclusion {
	var found []Exclusion
	walk(v, applicable([]*jsonschema.Schema{s.root}), nil, func(v *strictjson.Value, schemas []*jsonschema.Schema, tokens []string) {
		if len(tokens) == 0 || !isSet(v) {
			return
		}
		for _, sub := range schemas {
			for _, ext := range sub.Extensions {
				keyword, _ := ext.(elementKeyword)
				for key, family := range keyword.excludes {
					beside := slices.Clone(tokens[:len(tokens)-1])
					for len(beside) > 0 && strings.HasPrefix(key, "../") {
						beside, key = beside[:len(beside)-1], key[len("../"):]
					}
					found = append(found, Exclusion{
						Tokens: slices.Clone(tokens),
						Beside: append(beside, key),
						Family: family,
					})
				}
			}
		}
	})
	return found
}

// Strays returns the strings that are not in the list beside them that they have to be
// in according to the schema. A list that is left out holds everything.
func (s *Schema) Strays(v *strictjson.Value) []Finding {
	var found []Finding
	root := v
	walk(v, applicable([]*jsonschema.Schema{s.root}), nil, func(v *strictjson.Value, schemas []*jsonschema.Schema, tokens []string) {
		if v.Kind != strictjson.String || len(tokens) == 0 {
			return
		}
		for _, sub := range schemas {
			for _, ext := range sub.Extensions {
				keyword, _ := ext.(elementKeyword)
				if keyword.among == "" {
					continue
				}
				list, _ := root.At(append(slices.Clone(tokens[:len(tokens)-1]), keyword.among))
				if list.Kind == strictjson.Array && !slices.ContainsFunc(list.Items, func(item *strictjson.Value) bool { return item.Text == v.Text }) {
					value := "the value"
					if v.Masked == "" && !sub.WriteOnly {
						value = strconv.Quote(v.Text)
					}
					found = append(found, Finding{Tokens: slices.Clone(tokens), Message: value + " is not among " + keyword.among})
				}
			}
		}
	})
	return found
}

// isSet reports whether a value is more than empty strings and null.
func isSet(v *strictjson.Value) bool {
	switch v.Kind {
	case strictjson.String:
		return v.Text != ""
	case strictjson.Object:
		return slices.ContainsFunc(v.Members, func(m strictjson.Member) bool { return isSet(m.Value) })
	case strictjson.Array:
		return slices.ContainsFunc(v.Items, isSet)
	default:
		return v.Kind != strictjson.Null
	}
}

func walk(v *strictjson.Value, schemas []*jsonschema.Schema, tokens []string, visit func(*strictjson.Value, []*jsonschema.Schema, []string)) {
	if len(schemas) == 0 {
		return
	}
	visit(v, schemas, tokens)
	for _, m := range v.Members {
		walk(m.Value, member(schemas, m.Name), append(tokens, m.Name), visit)
	}
	for i, sub := range v.Items {
		walk(sub, item(schemas, i), append(tokens, strconv.Itoa(i)), visit)
	}
}

// Masked returns an object with secrets masked: values that the schema marks "writeOnly"
// and those of secret variables.
func (s *Schema) Masked(v *strictjson.Value) map[string]any {
	masked, _ := mask(v, applicable([]*jsonschema.Schema{s.root})).(map[string]any)
	return masked
}

func mask(v *strictjson.Value, schemas []*jsonschema.Schema) any {
	for _, s := range schemas {
		if s.WriteOnly {
			return hide(v)
		}
	}
	switch {
	case v.Masked != "" && v.Masked != v.Text:
		if v.Kind == strictjson.String {
			return v.Masked
		}
		return variables.Mask
	case v.Kind == strictjson.Object:
		members := make(map[string]any, len(v.Members))
		for _, m := range v.Members {
			members[m.Name] = mask(m.Value, member(schemas, m.Name))
		}
		return members
	case v.Kind == strictjson.Array:
		items := make([]any, len(v.Items))
		for i := range v.Items {
			items[i] = mask(v.Items[i], item(schemas, i))
		}
		return items
	case v.Kind == strictjson.Number:
		n, _ := strconv.ParseFloat(v.Text, 64)
		return n
	}
	return v.Any()
}

// hide masks a whole value. It keeps the names of members.
func hide(v *strictjson.Value) any {
	if v.Kind != strictjson.Object {
		return variables.Mask
	}
	members := make(map[string]any, len(v.Members))
	for _, m := range v.Members {
		members[m.Name] = hide(m.Value)
	}
	return members
}

// secret reports whether a value is secret, is part of one, or stands where no schema
// says what it is.
func (s *Schema) secret(v *strictjson.Value, tokens []string) bool {
	schemas := applicable([]*jsonschema.Schema{s.root})
	for i := 0; ; i++ {
		if len(schemas) == 0 || slices.ContainsFunc(schemas, func(s *jsonschema.Schema) bool { return s.WriteOnly }) {
			return true
		}
		if i == len(tokens) {
			return false
		}
		if v.Kind == strictjson.Array {
			n, _ := strconv.Atoi(tokens[i])
			schemas = item(schemas, n)
		} else {
			schemas = member(schemas, tokens[i])
		}
		v, _ = v.At(tokens[i : i+1])
	}
}
