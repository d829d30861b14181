package catalog

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Function is one entry of a function list.
type Function struct {
	Name       string     `json:"name"`
	Title      string     `json:"title,omitempty"`
	Desc       string     `json:"desc,omitempty"`
	Args       []Argument `json:"args,omitempty"`
	ReturnType string     `json:"returnType,omitempty"`
	// ReturnSchema is a JSON Schema, nil where the Type declares none.
	ReturnSchema  json.RawMessage `json:"returnSchema,omitempty"`
	LoginRequired bool            `json:"loginRequired"`
}

// Argument is one argument of a Function.
type Argument struct {
	Name     string `json:"name"`
	Title    string `json:"title,omitempty"`
	DataType string `json:"dataType"`
	Required bool   `json:"required"`
	Value    any    `json:"value,omitempty"`
}

// exposed lists the functions that a description offers to callers outside.
func exposed(d *elementv1.TypeDescription) []Function {
	var list []Function
	for _, f := range d.GetFunctions() {
		if !f.GetExposed() {
			continue
		}
		out := Function{Name: f.GetName(), Title: f.GetTitle(), Desc: f.GetDesc(), ReturnType: f.GetReturnType(), LoginRequired: f.GetLoginRequired()}
		if text := []byte(f.GetReturnSchema()); json.Valid(text) {
			out.ReturnSchema = text
		}
		for _, a := range f.GetArgs() {
			arg := Argument{Name: a.GetName(), Title: a.GetTitle(), DataType: a.GetDataType(), Required: a.GetRequired()}
			if text := a.GetDefaultJson(); text != "" && json.Unmarshal([]byte(text), &arg.Value) != nil {
				arg.Value = nil
			}
			out.Args = append(out.Args, arg)
		}
		list = append(list, out)
	}
	return list
}

// narrow applies an element's functionList to the functions of its base: it may
// leave out entries and raise loginRequired, which an entry that doesn't say
// otherwise does.
func (m *manifest) narrow(name, file string, base []Function) ([]Function, []Problem) {
	if !m.restricted {
		return base, nil
	}
	var problems []Problem
	listed := make(map[string]bool, len(m.functions))
	raised := make(map[string]bool)
	for i, f := range m.functions {
		at := slices.IndexFunc(base, func(b Function) bool { return b.Name == f.Name })
		fail := func(message string) {
			problems = append(problems, Problem{Element: name, Code: CodeFunctions, File: file, Line: m.entryLines[i],
				Pointer: fmt.Sprintf("/functionList/%d", i), Message: message})
		}
		switch {
		case at < 0:
			fail(fmt.Sprintf("function %q is not one that its Type exposes; a list can only leave out functions", f.Name))
		case base[at].LoginRequired && !f.LoginRequired:
			fail(fmt.Sprintf("function %q needs a signed-in user; a list can't take that away", f.Name))
		default:
			listed[f.Name], raised[f.Name] = true, f.LoginRequired
		}
	}
	var kept []Function
	for _, f := range base {
		if listed[f.Name] {
			f.LoginRequired = raised[f.Name]
			kept = append(kept, f)
		}
	}
	return kept, problems
}
