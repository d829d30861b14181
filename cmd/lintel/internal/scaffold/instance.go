package scaffold

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Instance describes an instance to write.
type Instance struct {
	FullName string
	Type     string
	Title    string // [the last segment of FullName]
	// Schema and ConfigFile are the Type's; ConfigFile is config.json if empty.
	Schema     json.RawMessage
	ConfigFile string
	// Elements returns the full names of the app's instances of a family, for
	// settings that name one.
	Elements func(meta string) []string
}

// property holds the parts of a JSON Schema that a scaffold uses.
type property struct {
	Type       any                 `json:"type"`
	Default    any                 `json:"default"`
	Examples   []any               `json:"examples"`
	Enum       []json.RawMessage   `json:"enum"`
	Const      json.RawMessage     `json:"const"`
	Minimum    *float64            `json:"minimum"`
	MinItems   int                 `json:"minItems"`
	Items      *property           `json:"items"`
	WriteOnly  bool                `json:"writeOnly"`
	Element    string              `json:"x-element"`
	Title      string              `json:"title"`
	Format     string              `json:"format"`
	Required   []string            `json:"required"`
	Properties map[string]property `json:"properties"`
	OneOf      []alternative       `json:"oneOf"`
}

// alternative is one way to complete a configuration. A scaffold writes the first.
type alternative struct {
	Required []string `json:"required"`
}

// keys returns the keys that a scaffold writes: the required ones, and those with an
// example.
func (p property) keys() []string {
	keys := slices.Clone(p.Required)
	for key, below := range p.Properties {
		if below.hasExample() {
			keys = append(keys, key)
		}
	}
	if len(p.OneOf) > 0 {
		keys = append(keys, p.OneOf[0].Required...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Write writes e.json and a configuration with the keys that the Type requires or
// has an example for. A secret, and a text that only its owner knows, becomes a variable
// without a value: nothing made up is ever sent to a vendor.
func (i Instance) Write(app string) ([]string, error) {
	dir, err := directory(i.FullName)
	if err != nil {
		return nil, err
	}
	var schema property
	if len(i.Schema) > 0 {
		if err := json.Unmarshal(i.Schema, &schema); err != nil {
			return nil, fmt.Errorf("the schema of %s can't be read: %w", i.Type, err)
		}
	}
	last := lastSegment(i.FullName)
	e := eJSON{Title: cmp.Or(i.Title, last), Type: i.Type, Entry: "."}
	config := map[string]any{"$schema": schemaLink(dir, i.Type)}
	for _, key := range schema.keys() {
		p := schema.Properties[key]
		if p.WriteOnly || p.ownersText() {
			name := variableName(last, key)
			e.Variables = append(e.Variables, variable{Name: name, Title: cmp.Or(p.Title, key), Secret: p.WriteOnly})
			config[key] = "{{" + name + "}}"
			continue
		}
		config[key] = p.example(i.Elements)
	}
	f := make(files)
	if f[dir+"/e.json"], err = indented(e); err != nil {
		return nil, err
	}
	if f[dir+"/"+cmp.Or(i.ConfigFile, "config.json")], err = indented(config); err != nil {
		return nil, err
	}
	paths, err := f.write(app)
	if err != nil {
		return paths, err
	}
	return paths, WriteSchema(app, i.Type, i.Schema)
}

// hasExample reports whether a value, or a member of it, has an example.
func (p property) hasExample() bool {
	if len(p.Examples) > 0 {
		return true
	}
	for _, below := range p.Properties {
		if below.hasExample() {
			return true
		}
	}
	return false
}

// ownersText reports whether a value is text for which the schema has no example.
func (p property) ownersText() bool {
	return p.Type == "string" && p.shown() == nil && p.Const == nil && len(p.Enum) == 0 && p.Element == ""
}

// shown returns the schema's default or first example, nil if it has neither.
func (p property) shown() any {
	if p.Default == nil && len(p.Examples) > 0 {
		return p.Examples[0]
	}
	return p.Default
}

// example returns a value of the right type, to be edited.
func (p property) example(elements func(string) []string) any {
	switch {
	case p.Const != nil:
		return p.Const
	case p.shown() != nil:
		return p.shown()
	case len(p.Enum) > 0:
		return p.Enum[0]
	case p.Element != "":
		if elements != nil {
			if names := elements(p.Element); len(names) > 0 {
				return names[0]
			}
		}
		return "set.me"
	case p.Format == "uri":
		return "https://set.me.example"
	}
	kind, _ := p.Type.(string)
	if kinds, ok := p.Type.([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch kind {
	case "integer", "number":
		if p.Minimum != nil {
			return *p.Minimum
		}
		return 1
	case "boolean":
		return false
	case "array":
		list := []any{}
		if p.Items != nil && p.MinItems > 0 {
			list = append(list, p.Items.example(elements))
		}
		return list
	case "object":
		object := make(map[string]any)
		for _, key := range p.keys() {
			object[key] = p.Properties[key].example(elements)
		}
		return object
	default:
		return "set-me"
	}
}

// variableName returns ACME_ACCESS_KEY for acme and accessKey.
func variableName(instance, key string) string {
	var b strings.Builder
	for _, word := range []string{instance, key} {
		if b.Len() > 0 {
			b.WriteByte('_')
		}
		var before rune
		for _, r := range word {
			if unicode.IsUpper(r) && unicode.IsLower(before) {
				b.WriteByte('_')
			}
			if r == '-' {
				r = '_'
			}
			b.WriteRune(unicode.ToUpper(r))
			before = r
		}
	}
	return b.String()
}
