package runtime

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// shortText bounds the characters of an Stext or Phone.
const shortText = 255

// bind returns the arguments of a call by name, with types checked and defaults filled
// in. args are in the order of the function's list, or one Args. Its error is
// API_PARAMS_ERROR with the name of the argument as the detail "arg".
func bind(fn *elementv1.Function, args []any) (Args, error) {
	if len(args) == 1 {
		if named, ok := args[0].(Args); ok {
			return bindNamed(fn, named)
		}
	}
	declared := fn.GetArgs()
	if len(args) > len(declared) {
		return nil, errcode.New(errcode.Params, "argument %d is one too many: %s takes %d", len(declared)+1, fn.GetName(), len(declared)).
			With("arg", strconv.Itoa(len(declared)+1))
	}
	named := make(Args, len(declared))
	for i, value := range args {
		named[declared[i].GetName()] = value
	}
	return bindNamed(fn, named)
}

func bindNamed(fn *elementv1.Function, named Args) (Args, error) {
	bound := make(Args, len(fn.GetArgs()))
	for _, arg := range fn.GetArgs() {
		name := arg.GetName()
		value, given := named[name]
		if given && value != nil {
			checked, ok := typed(arg.GetDataType(), value)
			if !ok {
				return nil, errcode.New(errcode.Params, "argument %s must be of type %s", name, arg.GetDataType()).With("arg", name)
			}
			// A Phone is judged by who parses it, with an error of its own.
			if found := unstorable(checked); found != "" && arg.GetDataType() != "Phone" {
				return nil, errcode.New(errcode.Params, "argument %s contains %s; text is UTF-8 without NUL characters", name, found).With("arg", name)
			}
			bound[name] = checked
			continue
		}
		if text := arg.GetDefaultJson(); text != "" {
			var value any
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return nil, errcode.Wrap(err, errcode.Internal, "the default of argument %s is not JSON", name)
			}
			bound[name] = value
			continue
		}
		if arg.GetRequired() {
			return nil, errcode.New(errcode.Params, "argument %s is missing", name).With("arg", name)
		}
	}
	for name := range named {
		if !declares(fn, name) {
			return nil, errcode.New(errcode.Params, "%s has no such argument", fn.GetName()).With("arg", clip(name))
		}
	}
	return bound, nil
}

func declares(fn *elementv1.Function, name string) bool {
	for _, arg := range fn.GetArgs() {
		if arg.GetName() == name {
			return true
		}
	}
	return false
}

// clip shortens a name from the caller for an error message.
func clip(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	for i := most; i > 0; i-- {
		if utf8.RuneStart(name[i]) {
			return name[:i] + "…"
		}
	}
	return ""
}

// typed returns the value as a JSON value of the data type, and whether it is one.
func typed(dataType string, value any) (any, bool) {
	switch dataType {
	case "Stext", "Phone":
		text, ok := value.(string)
		return text, ok && utf8.RuneCountInString(text) <= shortText
	case "Ltext":
		text, ok := value.(string)
		return text, ok
	case "Numeric":
		return numeric(value)
	case "Checkbox":
		return checkbox(value)
	case "JitDict", "RowData":
		if object, ok := value.(map[string]any); ok {
			return object, true
		}
		object, ok := viaJSON(value).(map[string]any)
		return object, ok
	case "JitList":
		if list, ok := value.([]any); ok {
			return list, true
		}
		list, ok := viaJSON(value).([]any)
		return list, ok
	}
	return nil, false
}

// unstorable returns what is in the texts of a value that not every store can keep,
// "" if there is nothing.
func unstorable(value any) string {
	switch v := value.(type) {
	case string:
		switch {
		case strings.ContainsRune(v, 0):
			return "a NUL character"
		case !utf8.ValidString(v):
			return "bytes that are not UTF-8"
		}
	case map[string]any:
		for name, member := range v {
			if found := cmp.Or(unstorable(name), unstorable(member)); found != "" {
				return found
			}
		}
	case []any:
		for _, member := range v {
			if found := unstorable(member); found != "" {
				return found
			}
		}
	case nil, bool, float64, json.Number:
	default:
		return unstorable(viaJSON(v))
	}
	return ""
}

func numeric(value any) (any, bool) {
	switch n := value.(type) {
	case float64:
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	case json.Number:
		_, err := n.Float64()
		return n, err == nil
	case bool, string, nil:
		return nil, false
	}
	n, ok := viaJSON(value).(float64)
	return n, ok
}

// checkbox returns a bool for true, false, 1 and 0.
func checkbox(value any) (any, bool) {
	if on, ok := value.(bool); ok {
		return on, true
	}
	n, ok := numeric(value)
	if !ok {
		return nil, false
	}
	switch viaJSON(n) {
	case 1.0:
		return true, true
	case 0.0:
		return false, true
	}
	return nil, false
}

// viaJSON returns the JSON value that a Go value encodes to, nil if there is none.
func viaJSON(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}
