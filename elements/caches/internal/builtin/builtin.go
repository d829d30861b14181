// Package builtin is what the cache Types have in common as built-in elements:
// no functions, no properties, a configuration without surprises.
package builtin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// ConfigFile is the configuration's file name where e.json names none.
const ConfigFile = "cache.json"

// Silent is the part of an element.Instance that answers calls: there is nothing
// to call, a cache serves the host's own code only.
type Silent struct{}

// Call knows no function.
func (Silent) Call(_ context.Context, function string, _ element.Args) (any, error) {
	return nil, errcode.New(errcode.FunctionNotFound, "a cache has no function %q", function)
}

// Get knows no property.
func (Silent) Get(_ context.Context, property string) (any, error) {
	return nil, errcode.New(errcode.FunctionNotFound, "a cache has no property %q", property)
}

// Describe makes the description of a cache Type.
func Describe(name, title, description, schema string) *elementv1.TypeDescription {
	return &elementv1.TypeDescription{
		Name: name, Title: title, Description: description,
		ConfigSchema: schema, ConfigFile: ConfigFile,
	}
}

// Decode reads a validated configuration; unknown keys are errors here too, but
// for $schema.
func Decode(config json.RawMessage, into any) error {
	if len(bytes.TrimSpace(config)) == 0 {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(config, &keys); err != nil {
		return errors.New("the configuration is not a JSON object")
	}
	delete(keys, "$schema")
	plain, err := json.Marshal(keys)
	if err != nil {
		return errors.New("the configuration is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New("the configuration doesn't fit the schema")
	}
	return nil
}
