package sdk

import (
	"encoding/json"
	"fmt"
)

// warning is one entry of a schema's "x-warnings".
type warning struct {
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
	if !json.Valid([]byte(schema)) || message == "" {
		panic(fmt.Sprintf("sdk: WarnIf(%q, %q): needs a JSON Schema and a message", schema, pointer))
	}
	return warning{json.RawMessage(schema), pointer, message}
}

func (w warning) addTo(t *typeDef) { t.warnings = append(t.warnings, w) }
