package sdk

import (
	"encoding/json"
	"fmt"
)

// schemaRule is one entry of a schema's "x-warnings" or "x-refusals".
type schemaRule struct {
	If      json.RawMessage `json:"if"`
	Pointer string          `json:"pointer,omitempty"`
	Message string          `json:"message"`
}

// WarnIf warns operators of every configuration that matches a JSON Schema: when the
// app starts and when it is validated, before any process of the Type runs. For what
// only the opened instance knows there is [Warn].
//
// pointer names the key, such as "/allowPlainHTTP". The message quotes no value. The
// schema sees the configuration as it is written: a key that is left out is absent,
// whatever its default.
func WarnIf(schema, pointer, message string) Part {
	return warning(newRule("WarnIf", schema, pointer, message))
}

// RefuseIf is WarnIf for configurations that can't work: they are errors, with file
// and line, before any process of the Type runs. Prefer the tags of the configuration
// struct where they can express the rule. open must refuse such a configuration, too.
func RefuseIf(schema, pointer, message string) Part {
	return refusal(newRule("RefuseIf", schema, pointer, message))
}

func newRule(part, schema, pointer, message string) schemaRule {
	if !json.Valid([]byte(schema)) || message == "" {
		panic(fmt.Sprintf("sdk: %s(%q, %q): needs a JSON Schema and a message", part, schema, pointer))
	}
	return schemaRule{json.RawMessage(schema), pointer, message}
}

type (
	warning schemaRule
	refusal schemaRule
)

func (w warning) addTo(t *typeDef) { t.warnings = append(t.warnings, w) }
func (r refusal) addTo(t *typeDef) { t.refusals = append(t.refusals, r) }
