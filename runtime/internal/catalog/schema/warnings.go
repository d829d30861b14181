package schema

import (
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
)

// maxWarnings bounds the "x-warnings" of a schema.
const maxWarnings = 64

// warning is one of a schema's "x-warnings": {"if": a schema, "message": "…",
// "pointer": "/key"}. It holds for the configurations that the schema fits.
type warning struct {
	when    *jsonschema.Schema
	tokens  []string
	message string
}

func compileWarnings(keyword any) ([]warning, error) {
	if keyword == nil {
		return nil, nil
	}
	list, ok := keyword.([]any)
	if !ok || len(list) > maxWarnings {
		return nil, fmt.Errorf(`the schema's "x-warnings" is no list of at most %d`, maxWarnings)
	}
	warnings := make([]warning, len(list))
	for i, item := range list {
		entry, _ := item.(map[string]any)
		message, _ := entry["message"].(string)
		pointer, _ := entry["pointer"].(string)
		when, there := entry["if"]
		if message == "" || !there {
			return nil, errors.New(`each of the schema's "x-warnings" needs "if" and "message"`)
		}
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.UseLoader(refuse{})
		if err := c.AddResource(location, when); err != nil {
			return nil, fmt.Errorf(`an "if" of the schema's "x-warnings" can't be read: %w`, err)
		}
		compiled, err := c.Compile(location)
		if err != nil {
			return nil, fmt.Errorf(`an "if" of the schema's "x-warnings" can't be compiled: %w`, err)
		}
		warnings[i] = warning{compiled, jsonsource.Tokens(pointer), message}
	}
	return warnings, nil
}

// Warnings lists what the schema has to say of a valid configuration.
func (s *Schema) Warnings(v *jsonsource.Value) []Finding {
	if len(s.warnings) == 0 {
		return nil
	}
	config := v.Any()
	var findings []Finding
	for _, w := range s.warnings {
		if w.when.Validate(config) == nil {
			findings = append(findings, Finding{Tokens: w.tokens, Message: w.message})
		}
	}
	return findings
}
