package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decodeConfig reads an instance's configuration into its struct. Unknown keys are
// errors; absent ones get the default of their tag. The host has validated the text
// already: this is for callers without a host. "$schema" is ignored.
func decodeConfig(raw json.RawMessage, into reflect.Value) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage("{}")
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(raw, &top); err != nil || top == nil {
		return ConfigError("", "the configuration is not a JSON object")
	}
	if _, ok := top["$schema"]; ok {
		delete(top, "$schema")
		text, err := json.Marshal(top)
		if err != nil {
			return ConfigError("", "the configuration can't be read")
		}
		raw = text
	}
	if err := unmarshalStrict(raw, into.Addr().Interface()); err != nil {
		return configErrorOf(err)
	}
	fillDefaults(into, top)
	return nil
}

// fillDefaults sets the fields whose key is absent to the default of their tag.
func fillDefaults(v reflect.Value, given map[string]json.RawMessage) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("json") == "" {
			fillDefaults(v.Field(i), given)
			continue
		}
		name := jsonName(f)
		if name == "" {
			continue
		}
		value, ok := given[name]
		if text, has := f.Tag.Lookup("default"); has && !ok {
			fallback := mustDefault(f.Name, f.Type, text)
			_ = json.Unmarshal(fallback, v.Field(i).Addr().Interface()) // checked by mustDefault
			continue
		}
		fillBelow(v.Field(i), value)
	}
}

// fillBelow fills defaults in a struct, or in each struct of a list.
func fillBelow(v reflect.Value, given json.RawMessage) {
	switch {
	case v.Kind() == reflect.Struct && !isOpaque(v.Type()):
		var below map[string]json.RawMessage
		_ = json.Unmarshal(given, &below) // an absent object has no keys
		fillDefaults(v, below)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		var below []json.RawMessage
		_ = json.Unmarshal(given, &below)
		for i := range min(v.Len(), len(below)) {
			fillBelow(v.Index(i), below[i])
		}
	}
}

// isOpaque reports whether a struct unmarshals its JSON itself.
func isOpaque(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// mustDefault returns the JSON of a default tag. For a string, the tag has plain text.
func mustDefault(where string, t reflect.Type, text string) json.RawMessage {
	raw := json.RawMessage(text)
	if t.Kind() == reflect.String {
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(fmt.Sprintf("sdk: %s: default %q: %v", where, text, err))
		}
		raw = quoted
	}
	if err := json.Unmarshal(raw, reflect.New(t).Interface()); err != nil {
		panic(fmt.Sprintf("sdk: %s: default %q is no %s", where, text, t))
	}
	return raw
}

// jsonName returns the key of a field, or "" if it has none.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "-" || !f.IsExported():
		return ""
	case name == "":
		return f.Name
	default:
		return name
	}
}

func unmarshalStrict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// configErrorOf returns a decoding error without the values that it quotes.
func configErrorOf(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		pointer := ""
		if wrongType.Field != "" {
			pointer = "/" + strings.ReplaceAll(wrongType.Field, ".", "/")
		}
		return ConfigError(pointer, "expected %s", expected(wrongType.Type))
	}
	if _, key, ok := strings.Cut(err.Error(), "json: unknown field "); ok {
		return ConfigError("", "unknown key %s", key)
	}
	var own configError
	if errors.As(err, &own) {
		return own
	}
	return ConfigError("", "the configuration can't be read")
}

func expected(t reflect.Type) string {
	switch dataTypeOf(t) {
	case Stext:
		return "a string"
	case Numeric:
		return "a number"
	case Checkbox:
		return "true or false"
	case JitList:
		return "a list"
	default:
		return "an object"
	}
}
