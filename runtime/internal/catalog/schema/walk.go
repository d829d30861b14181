package schema

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lintel-run/lintel/internal/strictjson"
)

// applicable returns the schemas that may apply to a value: the given ones and all that
// they refer to or combine, with every alternative.
func applicable(schemas []*jsonschema.Schema) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	var add func(*jsonschema.Schema)
	add = func(s *jsonschema.Schema) {
		if s == nil || slices.Contains(all, s) {
			return
		}
		all = append(all, s)
		add(s.Ref)
		add(s.RecursiveRef)
		if s.DynamicRef != nil {
			add(s.DynamicRef.Ref)
		}
		for _, list := range [][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf, {s.If, s.Then, s.Else}} {
			for _, sub := range list {
				add(sub)
			}
		}
		for _, sub := range s.DependentSchemas {
			add(sub)
		}
	}
	for _, s := range schemas {
		add(s)
	}
	return all
}

// member returns the schemas of an object's member.
func member(schemas []*jsonschema.Schema, name string) []*jsonschema.Schema {
	var subs []*jsonschema.Schema
	for _, s := range schemas {
		found := false
		if sub := s.Properties[name]; sub != nil {
			subs, found = append(subs, sub), true
		}
		for pattern, sub := range s.PatternProperties {
			if pattern.MatchString(name) {
				subs, found = append(subs, sub), true
			}
		}
		if found {
			continue
		}
		if sub, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
			subs = append(subs, sub)
		} else if s.UnevaluatedProperties != nil {
			subs = append(subs, s.UnevaluatedProperties)
		}
	}
	return applicable(subs)
}

// item returns the schemas of an array's item.
func item(schemas []*jsonschema.Schema, i int) []*jsonschema.Schema {
	var subs []*jsonschema.Schema
	for _, s := range schemas {
		if i < len(s.PrefixItems) {
			subs = append(subs, s.PrefixItems[i])
		} else if s.Items2020 != nil {
			subs = append(subs, s.Items2020)
		}
		switch items := s.Items.(type) {
		case *jsonschema.Schema:
			subs = append(subs, items)
		case []*jsonschema.Schema:
			if i < len(items) {
				subs = append(subs, items[i])
			}
		}
	}
	return applicable(subs)
}

// keys returns the members that an object at a place may have.
func (s *Schema) keys(v *strictjson.Value, at []string) []string {
	schemas := applicable([]*jsonschema.Schema{s.root})
	for _, token := range at {
		if v != nil && v.Kind == strictjson.Array {
			i, _ := strconv.Atoi(token)
			schemas = item(schemas, i)
		} else {
			schemas = member(schemas, token)
		}
		if v != nil {
			v, _ = v.At([]string{token})
		}
	}
	var keys []string
	for _, s := range schemas {
		for name := range s.Properties {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Coerce returns the value with strings that came from a whole variable converted to the
// type of the schema: "6379" becomes 6379 if that is a number. They stay strings if the
// schema allows a string or the text isn't of that type.
func (s *Schema) Coerce(v *strictjson.Value) *strictjson.Value {
	return coerce(v, applicable([]*jsonschema.Schema{s.root}))
}

func coerce(v *strictjson.Value, schemas []*jsonschema.Schema) *strictjson.Value {
	switch {
	case len(schemas) == 0:
		return v
	case v.Kind == strictjson.String && v.Variable != "":
		return retype(v, schemas)
	case v.Kind == strictjson.Object:
		out := *v
		out.Members = slices.Clone(v.Members)
		for i, m := range out.Members {
			out.Members[i].Value = coerce(m.Value, member(schemas, m.Name))
		}
		return &out
	case v.Kind == strictjson.Array:
		out := *v
		out.Items = slices.Clone(v.Items)
		for i := range out.Items {
			out.Items[i] = coerce(out.Items[i], item(schemas, i))
		}
		return &out
	}
	return v
}

func retype(v *strictjson.Value, schemas []*jsonschema.Schema) *strictjson.Value {
	wanted := wantedTypes(schemas)
	if len(wanted) == 0 || slices.Contains(wanted, "string") {
		return v
	}
	parsed, err := strictjson.Parse(v.File, []byte(v.Text))
	if err != nil {
		return v
	}
	kind := parsed.Kind.String()
	if !slices.Contains(wanted, kind) && (kind != "number" || !slices.Contains(wanted, "integer")) {
		return v
	}
	relocate(parsed, v)
	parsed.Variable, parsed.Masked = v.Variable, v.Masked
	return parsed
}

// relocate sets the place of all parts of a value to that of another.
func relocate(v, from *strictjson.Value) {
	v.File, v.Line = from.File, from.Line
	for i := range v.Members {
		v.Members[i].Line = from.Line
		relocate(v.Members[i].Value, from)
	}
	for _, sub := range v.Items {
		relocate(sub, from)
	}
}

func wantedTypes(schemas []*jsonschema.Schema) []string {
	var wanted []string
	for _, s := range schemas {
		if s.Types != nil {
			wanted = append(wanted, s.Types.ToStrings()...)
		}
	}
	if wanted != nil {
		return wanted
	}
	for _, s := range schemas {
		if s.Enum != nil {
			for _, value := range s.Enum.Values {
				wanted = append(wanted, typeName(value))
			}
		}
		if s.Const != nil {
			wanted = append(wanted, typeName(*s.Const))
		}
	}
	return wanted
}

// Plain returns the value with whole numbers written as plain integers where the
// schema wants integers: 6.0 and 6e0 become 6.
func (s *Schema) Plain(v *strictjson.Value) *strictjson.Value {
	return plain(v, applicable([]*jsonschema.Schema{s.root}))
}

func plain(v *strictjson.Value, schemas []*jsonschema.Schema) *strictjson.Value {
	if len(schemas) == 0 {
		return v
	}
	out := *v
	switch v.Kind {
	case strictjson.Null, strictjson.Bool, strictjson.String:
		return v
	case strictjson.Number:
		whole, ok := strictjson.Whole(v.Text)
		if !ok || whole == v.Text || !wantsInteger(schemas, whole) {
			return v
		}
		out.Text = whole
	case strictjson.Object:
		out.Members = slices.Clone(v.Members)
		for i, m := range out.Members {
			out.Members[i].Value = plain(m.Value, member(schemas, m.Name))
		}
	case strictjson.Array:
		out.Items = slices.Clone(v.Items)
		for i := range out.Items {
			out.Items[i] = plain(out.Items[i], item(schemas, i))
		}
	}
	return &out
}

// wantsInteger reports whether schemas want an integer, by its type or as this one of
// some values. Where any number will do, one stays as it was written.
func wantsInteger(schemas []*jsonschema.Schema, whole string) bool {
	integer := false
	for _, s := range schemas {
		if s.Types != nil {
			types := s.Types.ToStrings()
			if slices.Contains(types, "number") {
				return false
			}
			integer = integer || slices.Contains(types, "integer")
		}
		var values []any
		if s.Enum != nil {
			values = slices.Clone(s.Enum.Values)
		}
		if s.Const != nil {
			values = append(values, *s.Const)
		}
		integer = integer || slices.ContainsFunc(values, func(v any) bool {
			n, ok := v.(json.Number)
			listed, isWhole := strictjson.Whole(string(n))
			return ok && isWhole && listed == whole
		})
	}
	return integer
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number, float64, int:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
