// Package builtin is what the built-in Types of caches, databases and corps share:
// no functions, no properties, a configuration without surprises.
package builtin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// Silent is the part of an element.Instance that answers calls, for an element that
// serves the host's own code only.
type Silent struct{}

// Call returns an error: there are no functions.
func (Silent) Call(_ context.Context, function string, _ element.Args) (any, error) {
	return nil, errcode.New(errcode.FunctionNotFound, "the element has no function %q", function)
}

// Get returns an error: there are no properties.
func (Silent) Get(_ context.Context, property string) (any, error) {
	return nil, errcode.New(errcode.FunctionNotFound, "the element has no property %q", property)
}

// decode reads a configuration. An empty one leaves into as it is. A key that into
// doesn't have is an error, except $schema.
func decode(config json.RawMessage, into any) error {
	if len(bytes.TrimSpace(config)) == 0 {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(config, &keys); err != nil {
		return errcode.New(errcode.Params, "the configuration is not a JSON object")
	}
	delete(keys, "$schema")
	plain, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errcode.New(errcode.Params, "the configuration doesn't fit the schema")
	}
	return nil
}

// Type is a built-in Type whose instances are configured by a C.
type Type[C any] struct {
	Description elementv1.TypeDescription
	// Embedded is that of an element.Builtin.
	Embedded bool
	// Default is the configuration without any key.
	Default C
	// Check returns what Open would refuse of a configuration, as that of an
	// element.Builtin. It may be nil.
	Check func(env element.Env, config C) error
	Open  func(env element.Env, config C) (element.Instance, error)
}

// Register registers a Type. It must be called from an init function.
func Register[C any](t *Type[C]) {
	read := func(config json.RawMessage) (C, error) {
		c := t.Default
		return c, decode(config, &c)
	}
	element.RegisterBuiltin(&element.Builtin{
		Description: &t.Description,
		Embedded:    t.Embedded,
		Check: func(env element.Env, config json.RawMessage) error {
			c, err := read(config)
			if err == nil && t.Check != nil {
				err = t.Check(env, c)
			}
			return err
		},
		Open: func(_ context.Context, env element.Env, config json.RawMessage) (instance element.Instance, err error) {
			c, err := read(config)
			if err == nil {
				instance, err = t.Open(env, c)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.Description.GetName(), err)
			}
			return instance, nil
		},
	})
}
