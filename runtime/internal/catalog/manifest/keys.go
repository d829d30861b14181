package manifest

import (
	"fmt"
	"strconv"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
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
	tokens := k.pointer
	if name != "" {
		tokens = append(append([]string(nil), k.pointer...), name)
	}
	line := k.object.Line
	if name != "" {
		_, line = k.object.At([]string{name})
	}
	*k.problems = append(*k.problems, problem.Problem{Element: k.element, Code: k.code, File: k.object.File,
		Line: line, Pointer: strictjson.Pointer(tokens), Message: fmt.Sprintf(format, args...)})
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
			k.fail("", "%q is required", name)
		}
	case v.Kind != strictjson.String:
		k.fail(name, "%q must be a string", name)
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
	k.fail(name, "%q must be 0 or 1", name)
	return missing
}

func (k keys) list(name string) []*strictjson.Value {
	v := k.object.Get(name)
	if v == nil {
		return nil
	}
	if v.Kind != strictjson.Array {
		k.fail(name, "%q must be an array", name)
		return nil
	}
	return v.Items
}

func (k keys) texts(name string) []string {
	var all []string
	for i, item := range k.list(name) {
		if item.Kind != strictjson.String {
			k.at(item, name, strconv.Itoa(i)).fail("", "%q must hold strings", name)
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
			in.fail("", "%q must hold objects", name)
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
			in.fail("name", "a variable's name is letters, digits and _, and begins with no digit")
		case seen[d.Name]:
			in.fail("name", "variable %s is declared twice", d.Name)
		default:
			seen[d.Name] = true
			all = append(all, d)
		}
	}
	return all
}
