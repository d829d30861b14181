package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// schema holds the parts of a JSON Schema that the page shows.
type schema struct {
	Type        any                `json:"type"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Default     json.RawMessage    `json:"default"`
	Enum        []json.RawMessage  `json:"enum"`
	Minimum     *json.Number       `json:"minimum"`
	Maximum     *json.Number       `json:"maximum"`
	Items       *schema            `json:"items"`
	Required    []string           `json:"required"`
	Properties  ordered            `json:"properties"`
	Ref         string             `json:"$ref"`
	Defs        map[string]*schema `json:"$defs"`
	WriteOnly   bool               `json:"writeOnly"`
	Element     string             `json:"x-element"`
	OneOf       []*schema          `json:"oneOf"`
	AnyOf       []*schema          `json:"anyOf"`
}

// ordered holds properties in their order in the text.
type ordered []struct {
	name string
	*schema
}

func (o *ordered) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var text json.RawMessage
		if err := dec.Decode(&text); err != nil {
			return err
		}
		if text[0] != '{' {
			continue // true or false: a rule about keys, not a setting
		}
		var s schema
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
		*o = append(*o, struct {
			name string
			*schema
		}{fmt.Sprint(name), &s})
	}
	return nil
}

func describe(w io.Writer, t *elementv1.TypeDescription) error {
	fmt.Fprintf(w, "\n## %s\n\n", t.GetName())
	if text := sentence(t.GetTitle(), t.GetDescription()); text != "" {
		fmt.Fprintf(w, "%s\n\n", text)
	}
	if file := t.GetConfigFile(); file != "" {
		fmt.Fprintf(w, "Configuration file: `%s`.\n\n", file)
	}
	var s schema
	if text := t.GetConfigSchema(); text != "" {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return err
		}
	}
	if s.Ref != "" {
		s.Properties, s.Required = s.resolve(s.Defs).Properties, s.resolve(s.Defs).Required
	}
	if len(s.Properties) == 0 {
		fmt.Fprint(w, "It has no settings.\n")
	} else {
		fmt.Fprint(w, "| setting | type | default | |\n|---|---|---|---|\n")
		s.rows(w, "", s.Defs)
	}
	functions(w, t.GetFunctions())
	if properties := t.GetProperties(); len(properties) > 0 {
		fmt.Fprint(w, "\nProperties: ")
		for i, p := range properties {
			if i > 0 {
				fmt.Fprint(w, ", ")
			}
			fmt.Fprintf(w, "`%s` (%s)", p.GetName(), p.GetDataType())
		}
		fmt.Fprint(w, ".\n")
	}
	return nil
}

func functions(w io.Writer, all []*elementv1.Function) {
	if len(all) == 0 {
		return
	}
	fmt.Fprint(w, "\n| function | arguments | callable from outside by |\n|---|---|---|\n")
	for _, f := range all {
		var args []string
		for _, a := range f.GetArgs() {
			text := fmt.Sprintf("`%s` %s", a.GetName(), a.GetDataType())
			if !a.GetRequired() {
				text = "[" + text + "]"
			}
			args = append(args, text)
		}
		who := "nobody"
		switch {
		case f.GetExposed() && f.GetLoginRequired():
			who = "a signed-in user"
		case f.GetExposed():
			who = "anyone"
		}
		arguments := strings.Join(args, ", ")
		if arguments == "" {
			arguments = "–"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", f.GetName(), arguments, who)
	}
}

// rows writes a table row for each property, nested ones included.
func (s *schema) rows(w io.Writer, prefix string, defs map[string]*schema) {
	for _, p := range s.Properties {
		about := p.resolve(defs)
		fallback := "–"
		switch {
		case slices.Contains(s.Required, p.name):
			fallback = "required"
		case len(p.Default) > 0:
			fallback = "`" + compact(p.Default) + "`"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", prefix+p.name, about.kind(defs), cell(fallback), cell(about.words()))
		about.rows(w, prefix+p.name+".", defs)
		if about.Items != nil {
			about.Items.resolve(defs).rows(w, prefix+p.name+"[].", defs)
		}
	}
}

func (s *schema) resolve(defs map[string]*schema) *schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok && defs[name] != nil {
		found := *defs[name]
		if s.Description != "" {
			found.Description = s.Description
		}
		return &found
	}
	return s
}

// kind describes the values that a schema allows.
func (s *schema) kind(defs map[string]*schema) string {
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			values = append(values, "`"+compact(v)+"`")
		}
		return strings.Join(values, ", ")
	}
	for _, among := range [][]*schema{s.OneOf, s.AnyOf} {
		var kinds []string
		for _, one := range among {
			if kind := one.resolve(defs).kind(defs); !slices.Contains(kinds, kind) && kind != "any" {
				kinds = append(kinds, kind)
			}
		}
		if len(kinds) > 0 {
			return strings.Join(kinds, " or ")
		}
	}
	kind := "any"
	switch t := s.Type.(type) {
	case string:
		kind = t
	case []any:
		var kinds []string
		for _, one := range t {
			kinds = append(kinds, fmt.Sprint(one))
		}
		kind = strings.Join(kinds, " or ")
	}
	switch {
	case s.Element != "":
		return "element of `" + s.Element + "`"
	case kind == "array" && s.Items != nil:
		return "list of " + s.Items.resolve(defs).kind(defs)
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf("%s, %s–%s", kind, *s.Minimum, *s.Maximum)
	case s.Minimum != nil:
		return fmt.Sprintf("%s, at least %s", kind, *s.Minimum)
	}
	return kind
}

func (s *schema) words() string {
	text := sentence(s.Description)
	if text == "" {
		text = sentence(s.Title)
	}
	if s.WriteOnly {
		text = strings.TrimSpace(text + " Secret.")
	}
	return text
}

// sentence joins a title and a description, each ending in a full stop.
func sentence(parts ...string) string {
	var out []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if first, _, _ := strings.Cut(part, " "); !strings.ContainsAny(first, ":/{.") {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		if !strings.HasSuffix(part, ".") {
			part += "."
		}
		out = append(out, part)
	}
	return strings.Join(out, " ")
}

func compact(text json.RawMessage) string {
	var out bytes.Buffer
	if json.Compact(&out, text) != nil {
		return string(text)
	}
	return out.String()
}

// cell escapes text for a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
