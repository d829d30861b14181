package sdk

import (
	"encoding/json"
	"fmt"
)

// remark is one entry of a schema's "x-warnings" or "x-refusals".
type remark struct {
	If      json.RawMessage `json:"if"`
	Pointer string          `json:"pointer,omitempty"`
	Message string          `json:"message"`
}

// WarnIf has operators warned of every configuration that fits a JSON Schema:
// when the app starts and when it is validated, before any process of the Type
// runs. Warn is for what only the opened instance knows. pointer is the key that
// is meant, as "/allowPlainHTTP"; the message quotes no value.
//
// Keys that the configuration leaves out are absent for the schema, whatever their
// default.
func WarnIf(schema, pointer, message string) Part {
	return warning(newRemark("WarnIf", schema, pointer, message))
}

// RefuseIf is WarnIf for configurations that can't work: they are errors, with the
// file and line, before any process of the Type runs. What the schema of the
// configuration's struct can say itself is better said there, and open refuses too,
// since a schema can't say everything.
func RefuseIf(schema, pointer, message string) Part {
	return refusal(newRemark("RefuseIf", schema, pointer, message))
}

func newRemark(part, schema, pointer, message string) remark {
	if !json.Valid([]byte(schema)) || message == "" {
		panic(fmt.Sprintf("sdk: %s(%q, %q): needs a JSON Schema and a message", part, schema, pointer))
	}
	return remark{json.RawMessage(schema), pointer, message}
}

type (
	warning remark
	refusal remark
)

func (w warning) addTo(t *typeDef) { t.warnings = append(t.warnings, w) }
func (r refusal) addTo(t *typeDef) { t.refusals = append(t.refusals, r) }
