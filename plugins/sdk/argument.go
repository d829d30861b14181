package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// The data types of arguments, results and properties.
const (
	Stext    = "Stext"
	Ltext    = "Ltext"
	Numeric  = "Numeric"
	Checkbox = "Checkbox"
	Phone    = "Phone"
	JitDict  = "JitDict"
	JitList  = "JitList"
	RowData  = "RowData"
)

var dataTypes = []string{Stext, Ltext, Numeric, Checkbox, Phone, JitDict, JitList, RowData}

func mustBeDataType(where, dataType string) {
	if !slices.Contains(dataTypes, dataType) {
		panic(fmt.Sprintf("sdk: %s: %q is no data type", where, dataType))
	}
}

// dataTypeOf returns the data type of a Go type, or "" if it has none.
func dataTypeOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return Stext
	case reflect.Bool:
		return Checkbox
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return Numeric
	case reflect.Map:
		return JitDict
	case reflect.Struct:
		if t.NumField() == 0 {
			return ""
		}
		return JitDict
	case reflect.Slice, reflect.Array:
		if t == reflect.TypeFor[json.RawMessage]() {
			return ""
		}
		return JitList
	default:
		return ""
	}
}

// argument is one field of a function's argument struct.
type argument struct {
	name, title, dataType string
	required              bool
	fallback              json.RawMessage
	field                 int
	// strict is set if there are structs in it, so that unknown members are errors.
	strict bool
}

// argumentsOf returns the arguments that the fields of a struct declare.
func argumentsOf(function string, in reflect.Type) []argument {
	if in.Kind() != reflect.Struct {
		panic(fmt.Sprintf("sdk: function %q: the arguments must be a struct, not %s", function, in))
	}
	var args []argument
	for i := range in.NumField() {
		f := in.Field(i)
		where := fmt.Sprintf("function %q: field %s", function, f.Name)
		if f.Anonymous || !f.IsExported() {
			panic("sdk: " + where + ": arguments are exported fields of their own")
		}
		a := argument{name: jsonName(f), title: f.Tag.Get("title"), dataType: dataTypeOf(f.Type), field: i, strict: holdsStruct(f.Type, 0)}
		if a.name == "" {
			continue
		}
		kind, more, _ := strings.Cut(f.Tag.Get("arg"), ",")
		if kind != "" {
			a.dataType = kind
		}
		mustBeDataType(where, a.dataType)
		switch more {
		case "required":
			a.required = true
		case "":
		default:
			panic("sdk: " + where + `: the tag arg is "DataType" or "DataType,required"`)
		}
		if text, ok := f.Tag.Lookup("default"); ok {
			a.fallback = mustDefault(where, f.Type, text)
		}
		if slices.ContainsFunc(args, func(b argument) bool { return b.name == a.name }) {
			panic("sdk: " + where + ": the argument is declared twice")
		}
		args = append(args, a)
	}
	return args
}

// holdsStruct reports whether a type has a struct in it. For a recursive type it
// assumes so.
func holdsStruct(t reflect.Type, depth int) bool {
	if depth > 8 {
		return true
	}
	switch t.Kind() {
	case reflect.Struct:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsStruct(t.Elem(), depth+1)
	default:
		return false
	}
}

// decodeArgs reads a call's arguments into the struct. An argument that is
// undeclared, missing or of a wrong type is API_PARAMS_ERROR.
func decodeArgs(raw json.RawMessage, args []argument, into reflect.Value) error {
	given := make(map[string]json.RawMessage, len(args))
	if len(bytes.TrimSpace(raw)) > 0 {
		if err := json.Unmarshal(raw, &given); err != nil {
			return errcode.New(errcode.Params, "the arguments are not a JSON object")
		}
	}
	known := 0
	for _, a := range args {
		value, ok := given[a.name]
		if ok {
			known++
		}
		if !ok || string(value) == "null" {
			switch {
			case a.required:
				return errcode.New(errcode.Params, "argument %q is missing", a.name).With("arg", a.name)
			case a.fallback == nil:
				continue
			}
			value = a.fallback
		}
		read := json.Unmarshal
		if a.strict {
			read = unmarshalStrict
		}
		if err := read(value, into.Field(a.field).Addr().Interface()); err != nil {
			return errcode.New(errcode.Params, "argument %q is not a %s as it should be", a.name, a.dataType).With("arg", a.name)
		}
	}
	if known == len(given) {
		return nil
	}
	for name := range given {
		if !slices.ContainsFunc(args, func(a argument) bool { return a.name == name }) {
			return errcode.New(errcode.Params, "argument %q is not declared", name).With("arg", name)
		}
	}
	return nil
}
