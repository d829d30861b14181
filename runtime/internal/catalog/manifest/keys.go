package manifest

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
)

// The keys that are known. extendType, appId, path and backendEpath of an e.json change
// nothing.
var (
	elementKeys = []string{
		"title", "type", "backendBundleEntry", "frontBundleEntry", "functionList", "variables", "accessModifier",
		"backendLoadTime", "args", "interpreter", "icon", "tag", "description", "$schema", "extendType", "appId", "path", "backendEpath",
	}
	functionKeys  = []string{"name", "title", "desc", "returnType", "loginRequired", "args"}
	argumentKeys  = []string{"name", "title", "dataType", "required", "value"}
	variableKeys  = []string{"name", "title", "default", "secret"}
	appKeys       = []string{"appId", "name", "title", "version", "variables", "extends", "settings", "description", "icon", "$schema"}
	extensionKeys = []string{"appId", "version", "path"}
)

// keys reads the members of a JSON object with known keys and collects problems.
type keys struct {
	object   *strictjson.Value
	element  string
	code     string
	pointer  []string
	problems *[]problem.Problem
}

func (k keys) fail(name string, format string, args ...any) {
	k.add(false, name, format, args...)
}

func (k keys) add(warning bool, name string, format string, args ...any) {
	tokens := k.pointer
	if name != "" {
		tokens = append(append([]string(nil), k.pointer...), name)
	}
	line := k.object.Line
	if name != "" {
		_, line = k.object.At([]string{name})
	}
	*k.problems = append(*k.problems, problem.Problem{Element: k.element, Code: k.code, File: k.object.File,
		Line: line, Pointer: strictjson.Pointer(tokens), Message: fmt.Sprintf(format, args...), Warning: warning})
}

// warnMisspelt warns of keys that differ from a known one in case or by a letter. If
// that is required and missing, its error names the key.
func (k keys) warnMisspelt(known []string, required ...string) {
	for _, m := range k.object.Members {
		if slices.Contains(known, m.Name) {
			continue
		}
		near := nearest.Slip(m.Name, known)
		if near == "" || slices.Contains(required, near) && k.object.Get(near) == nil {
			continue
		}
		k.add(true, m.Name, "unknown key %q changes nothing; did you mean %q?", m.Name, near)
	}
}

// at returns keys for an object further in.
func (k keys) at(object *strictjson.Value, tokens ...string) keys {
	k.object = object
	k.pointer = append(append([]string(nil), k.pointer...), tokens...)
	return k
}

func (k keys) text(name string, required bool) string {
	v := k.object.Get(name)
	switch {
	case v == nil:
		if required {
			hint := ""
			for _, m := range k.object.Members {
				if nearest.Slip(m.Name, []string{name}) != "" {
					hint = fmt.Sprintf("; is %q meant to be it?", m.Name)
				}
			}
			k.fail("", "%q is required%s", name, hint)
		}
	case v.Kind != strictjson.String:
		k.fail(name, "%q must be a string, not %s", name, shown(v))
	default:
		return v.Text
	}
	return ""
}

// flag reads 0, 1, true or false.
func (k keys) flag(name string, missing bool) bool {
	v := k.object.Get(name)
	switch {
	case v == nil:
		return missing
	case v.Kind == strictjson.Bool:
		return v.Text == "true"
	case v.Kind == strictjson.Number:
		if whole, ok := strictjson.Whole(v.Text); ok && (whole == "0" || whole == "1") {
			return whole == "1"
		}
	}
	k.fail(name, "%q must be 0 or 1, not %s", name, shown(v))
	return missing
}

// shown returns a value as messages show it.
func shown(v *strictjson.Value) string {
	switch v.Kind {
	case strictjson.Object:
		return "an object"
	case strictjson.Array:
		return "an array"
	case strictjson.Null:
		return "null"
	case strictjson.String:
		return strconv.Quote(clip(v.Text))
	default:
		return clip(v.Text)
	}
}

// clip shortens a value for a message.
func clip(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func (k keys) list(name string) []*strictjson.Value {
	v := k.object.Get(name)
	if v == nil {
		return nil
	}
	if v.Kind != strictjson.Array {
		k.fail(name, "%q must be an array, not %s", name, shown(v))
		return nil
	}
	return v.Items
}

func (k keys) texts(name string) []string {
	var all []string
	for i, item := range k.list(name) {
		if item.Kind != strictjson.String {
			k.at(item, name, strconv.Itoa(i)).fail("", "%q must hold strings, not %s", name, shown(item))
			continue
		}
		all = append(all, item.Text)
	}
	return all
}

// objects returns keys for each object of an array.
func (k keys) objects(name string) []keys {
	var all []keys
	for i, item := range k.list(name) {
		in := k.at(item, name, strconv.Itoa(i))
		if item.Kind != strictjson.Object {
			in.fail("", "%q must hold objects, not %s", name, shown(item))
			continue
		}
		all = append(all, in)
	}
	return all
}

func (k keys) declarations() []variables.Declaration {
	var all []variables.Declaration
	seen := map[string]bool{}
	for _, in := range k.objects("variables") {
		in.warnMisspelt(variableKeys, "name")
		d := variables.Declaration{Name: in.text("name", true), Title: in.text("title", false), Secret: in.flag("secret", false)}
		if v := in.object.Get("default"); v != nil {
			switch v.Kind {
			case strictjson.String, strictjson.Number, strictjson.Bool:
				d.Default, d.HasDefault = v.Text, true
			default:
				in.fail("default", `"default" must be a string`)
			}
		}
		switch {
		case d.Name == "":
		case !variables.ValidName(d.Name):
			in.fail("name", "a variable's name is letters, digits and _, and begins with no digit; this is %q", clip(d.Name))
		case seen[d.Name]:
			in.fail("name", "variable %s is declared twice", d.Name)
		default:
			seen[d.Name] = true
			all = append(all, d)
		}
	}
	return all
}
