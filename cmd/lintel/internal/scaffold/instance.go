package scaffold

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Instance says what to write.
type Instance struct {
	FullName string
	Type     string
	Title    string
	// Schema of the Type's configuration, and its file; empty: config.json.
	Schema     json.RawMessage
	ConfigFile string
	// Elements gives the full names of the app's instances of a family, for
	// settings that name one.
	Elements func(meta string) []string
}

// property is what a scaffold reads of a schema's property.
type property struct {
	Type      any               `json:"type"`
	Default   any               `json:"default"`
	Enum      []json.RawMessage `json:"enum"`
	Const     json.RawMessage   `json:"const"`
	Minimum   *float64          `json:"minimum"`
	WriteOnly bool              `json:"writeOnly"`
	Element   string            `json:"x-element"`
	Title     string            `json:"title"`
	Desc      string            `json:"description"`
	Format    string            `json:"format"`
}

// Write writes e.json and a configuration with the keys that the Type requires.
// A secret becomes a variable with a placeholder as its default.
func (i Instance) Write(app string) ([]string, error) {
	dir, err := directory(i.FullName)
	if err != nil {
		return nil, err
	}
	var schema struct {
		Required   []string            `json:"required"`
		Properties map[string]property `json:"properties"`
	}
	if len(i.Schema) > 0 {
		if err := json.Unmarshal(i.Schema, &schema); err != nil {
			return nil, fmt.Errorf("the schema of %s can't be read: %w", i.Type, err)
		}
	}
	title := i.Title
	if title == "" {
		title = lastSegment(i.FullName)
	}
	e := eJSON{Title: title, Type: i.Type, Entry: "."}
	config := make(map[string]any)
	slices.Sort(schema.Required)
	for _, key := range schema.Required {
		p := schema.Properties[key]
		if p.WriteOnly {
			name := variableName(lastSegment(i.FullName), key)
			e.Variables = append(e.Variables, variable{Name: name, Title: p.title(key), Default: "set-" + name, Secret: true})
			config[key] = "{{" + name + "}}"
			continue
		}
		config[key] = p.example(i.Elements)
	}
	file := i.ConfigFile
	if file == "" {
		file = "config.json"
	}
	f := make(files)
	if f[dir+"/e.json"], err = indented(e); err != nil {
		return nil, err
	}
	if f[dir+"/"+file], err = indented(config); err != nil {
		return nil, err
	}
	return f.write(app)
}

func (p property) title(key string) string {
	if p.Title != "" {
		return p.Title
	}
	return key
}

// example is a value of the right type, to be edited.
func (p property) example(elements func(string) []string) any {
	switch {
	case p.Const != nil:
		return p.Const
	case p.Default != nil:
		return p.Default
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
		return []any{}
	case "object":
		return map[string]any{}
	default:
		return "set-me"
	}
}

// variableName makes ACME_ACCESS_KEY of acme and accessKey.
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
