package scaffold

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// schemaDir holds the schemas of configurations for editors. The runtime doesn't read
// it.
const schemaDir = ".lintel/schemas"

// schemaLink returns the "$schema" of a configuration in an element's directory.
func schemaLink(dir, typ string) string {
	return strings.Repeat("../", strings.Count(dir, "/")+1) + schemaDir + "/" + typ + ".json"
}

// WriteSchema writes the schema of a Type's configurations for editors. It replaces an
// earlier one.
func WriteSchema(app, typ string, schema json.RawMessage) error {
	if len(schema) == 0 {
		schema = json.RawMessage(`{"type":"object","additionalProperties":false}`)
	}
	text, err := editorSchema(schema)
	if err != nil {
		return fmt.Errorf("the schema of %s can't be read: %w", typ, err)
	}
	path := filepath.Join(app, filepath.FromSlash(schemaDir), typ+".json")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	return os.WriteFile(path, text, 0o644)
}

// editorSchema returns a Type's schema for files as they are written: with "$schema",
// and with a {{VARIABLE}} wherever a value is expected.
func editorSchema(schema json.RawMessage) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(schema))
	dec.UseNumber()
	var root map[string]any
	if err := dec.Decode(&root); err != nil {
		return nil, err
	}
	delete(root, "x-warnings")
	delete(root, "x-refusals")
	allowVariables(root)
	properties, _ := root["properties"].(map[string]any)
	if properties == nil {
		properties = make(map[string]any)
		root["properties"] = properties
	}
	properties["$schema"] = map[string]any{"type": "string"}
	definitions, _ := root["$defs"].(map[string]any)
	if definitions == nil {
		definitions = make(map[string]any)
		root["$defs"] = definitions
	}
	definitions[variableDefinition] = map[string]any{"type": "string", "pattern": `\{\{[A-Za-z_][A-Za-z0-9_]*\}\}`}
	return indented(root)
}

const variableDefinition = "lintel.variable"

// allowVariables replaces the values below a schema of an object or array.
func allowVariables(s map[string]any) {
	for _, keyword := range []string{"properties", "$defs"} {
		members, _ := s[keyword].(map[string]any)
		for name, sub := range members {
			if sub, ok := sub.(map[string]any); ok {
				members[name] = orVariable(sub)
			}
		}
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if sub, ok := s[keyword].(map[string]any); ok {
			s[keyword] = orVariable(sub)
		}
	}
}

// orVariable returns a schema that a {{VARIABLE}} fits, too.
func orVariable(s map[string]any) map[string]any {
	switch s["type"] {
	case "object", "array":
		allowVariables(s)
		return s
	}
	either := map[string]any{"anyOf": []any{s, map[string]any{"$ref": "#/$defs/" + variableDefinition}}}
	for _, keyword := range []string{"title", "description", "default", "examples", "writeOnly"} {
		if value, ok := s[keyword]; ok {
			either[keyword] = value
			delete(s, keyword)
		}
	}
	return either
}
