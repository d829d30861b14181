package sdk

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// configSchema returns the JSON Schema 2020-12 of the configuration struct. It is
// built on first use, because a process that serves calls seldom needs it.
func (t *typeDef) configSchema() string {
	t.schemaOnce.Do(func() {
		r := &jsonschema.Reflector{
			Anonymous:                  true,
			DoNotReference:             true,
			ExpandedStruct:             true,
			RequiredFromJSONSchemaTags: true,
		}
		s := r.ReflectFromType(t.config)
		annotate(t.name, s, t.config)
		if s.Extras == nil {
			s.Extras = make(map[string]any)
		}
		if len(t.warnings) > 0 {
			s.Extras["x-warnings"] = t.warnings
		}
		if len(t.refusals) > 0 {
			s.Extras["x-refusals"] = t.refusals
		}
		text, err := json.Marshal(s)
		if err != nil {
			panic(fmt.Sprintf("sdk: %s: the configuration's schema: %v", t.name, err))
		}
		t.schema = string(text)
	})
	return t.schema
}

// returnSchema returns the JSON Schema of a function's result, or "" if the Go type
// says no more than the data type.
func returnSchema(out reflect.Type) string {
	for out.Kind() == reflect.Pointer {
		out = out.Elem()
	}
	below := out
	for below.Kind() == reflect.Pointer || below.Kind() == reflect.Slice {
		below = below.Elem()
	}
	if below.Kind() != reflect.Struct || out == reflect.TypeFor[None]() {
		return ""
	}
	r := &jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true}
	s := r.ReflectFromType(out)
	s.Version = ""
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("sdk: the schema of %s: %v", out, err))
	}
	return string(text)
}

// annotate adds the tags of a struct's fields to their schemas.
func annotate(where string, s *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			if s = s.Items; s == nil {
				return
			}
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || s.Properties == nil {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Tag.Get("json") == "" {
			annotate(where, s, f.Type)
			continue
		}
		name := jsonName(f)
		if name == "" {
			continue
		}
		below, ok := s.Properties.Get(name)
		if !ok {
			continue
		}
		where := where + "." + f.Name
		if doc := f.Tag.Get("doc"); doc != "" {
			below.Description = doc
		}
		if title := f.Tag.Get("title"); title != "" {
			below.Title = title
		}
		if text, ok := f.Tag.Lookup("default"); ok {
			below.Default = mustDefault(where, f.Type, text)
		}
		if f.Tag.Get("secret") == "true" {
			below.WriteOnly = true
		}
		if family := f.Tag.Get("element"); family != "" {
			named := below
			if below.Items != nil {
				named = below.Items
			}
			extra(named, "x-element", family)
		}
		if rule := f.Tag.Get("excludes"); rule != "" {
			key, family, ok := strings.Cut(rule, "=")
			if !ok {
				panic(fmt.Sprintf("sdk: %s: excludes %q is not KEY=FAMILY", where, rule))
			}
			extra(below, "x-excludes", map[string]any{key: family})
		}
		if key := f.Tag.Get("among"); key != "" {
			extra(below, "x-among", key)
		}
		annotate(where, below, f.Type)
	}
}

// extra sets a keyword that isn't standard.
func extra(s *jsonschema.Schema, keyword string, value any) {
	if s.Extras == nil {
		s.Extras = make(map[string]any)
	}
	s.Extras[keyword] = value
}
