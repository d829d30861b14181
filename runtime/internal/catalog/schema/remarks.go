package schema

import (
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lintel-run/lintel/internal/strictjson"
)

// maxRemarks bounds the "x-warnings" of a schema, and its "x-refusals".
const maxRemarks = 64

// remark is an entry of "x-warnings" or "x-refusals": {"if": a schema, "message": "…",
// "pointer": "/key"}. It applies to configurations that match the schema.
type remark struct {
	when    *jsonschema.Schema
	tokens  []string
	message string
}

func compileRemarks(root map[string]any, keyword string) ([]remark, error) {
	if root[keyword] == nil {
		return nil, nil
	}
	list, ok := root[keyword].([]any)
	if !ok || len(list) > maxRemarks {
		return nil, fmt.Errorf("the schema's %q is not a list of at most %d", keyword, maxRemarks)
	}
	remarks := make([]remark, len(list))
	for i, item := range list {
		entry, _ := item.(map[string]any)
		message, _ := entry["message"].(string)
		pointer, _ := entry["pointer"].(string)
		when, there := entry["if"]
		if message == "" || !there {
			return nil, fmt.Errorf(`each of the schema's %q needs "if" and "message"`, keyword)
		}
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.UseLoader(refuse{})
		if err := c.AddResource(location, when); err != nil {
			return nil, fmt.Errorf(`an "if" of the schema's %q can't be read: %w`, keyword, err)
		}
		compiled, err := c.Compile(location)
		if err != nil {
			return nil, fmt.Errorf(`an "if" of the schema's %q can't be compiled: %w`, keyword, err)
		}
		remarks[i] = remark{compiled, strictjson.Tokens(pointer), message}
	}
	return remarks, nil
}

// Warnings returns the "x-warnings" that apply to a valid configuration.
func (s *Schema) Warnings(v *strictjson.Value) []Finding { return findings(s.warnings, v) }

// Refusals returns the "x-refusals" that apply to a configuration, and its Strays.
func (s *Schema) Refusals(v *strictjson.Value) []Finding {
	return append(findings(s.refusals, v), s.Strays(v)...)
}

func findings(remarks []remark, v *strictjson.Value) []Finding {
	if len(remarks) == 0 {
		return nil
	}
	config := v.Any()
	var list []Finding
	for _, r := range remarks {
		if r.when.Validate(config) == nil {
			list = append(list, Finding{Tokens: r.tokens, Message: r.message})
		}
	}
	return list
}
