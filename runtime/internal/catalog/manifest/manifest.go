package manifest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
)

// Manifest is the content of an e.json. It doesn't change once read.
type Manifest struct {
	// Raw is the text of e.json, compact.
	Raw   json.RawMessage
	Title string
	Type  string
	// Code is what backendBundleEntry names.
	Code        Code
	Args        []string
	Interpreter string
	// ConfigFile is frontBundleEntry if that ends in .json.
	ConfigFile string
	Access     string
	// Eager means that a Type's code starts with the app.
	Eager     bool
	Tag       string
	Variables []variables.Declaration
	// Functions is the functionList. Restricted tells an empty one from none.
	Functions  []element.Function
	Restricted bool
	// Texts are the other members that are strings, for selectors.
	Texts map[string]string

	Warnings []problem.Problem

	// Lines of keys that later checks name.
	TypeLine, EntryLine, listLine int
	FunctionLines                 []int
}

// Access modifiers.
const (
	Public    = "public"
	Protected = "protected"
	Private   = "private"
)

// Parse reads the e.json of an element. Problems call it file.
func Parse(name, file string, src []byte) (*Manifest, []problem.Problem) {
	v, err := strictjson.Parse(file, src)
	if err != nil {
		return nil, []problem.Problem{FileProblem(name, file, err)}
	}
	if v.Kind != strictjson.Object {
		return nil, []problem.Problem{{Element: name, Code: problem.CodeDefinition, File: file, Line: v.Line, Message: "e.json must be an object"}}
	}
	var problems []problem.Problem
	k := keys{object: v, element: name, code: problem.CodeDefinition, problems: &problems}
	k.warnMisspelt(elementKeys, "title", "type")
	m := &Manifest{
		Raw: Compact(v), Title: k.text("title", true), Type: k.text("type", true),
		Args: k.texts("args"), Interpreter: k.text("interpreter", false), Access: k.text("accessModifier", false),
		Eager: k.text("backendLoadTime", false) == "afterAppInit", Tag: k.text("tag", false), Variables: k.declarations(),
	}
	for _, key := range []string{"icon", "description", "$schema"} {
		k.text(key, false)
	}
	if v.Get("type") != nil && m.Type != "" && !ValidName(m.Type) {
		k.fail("type", `"type" must be a full name such as SMS.Aliyun, or empty for a Meta, not %q`, clip(m.Type))
	}
	var ok bool
	entry := k.text("backendBundleEntry", false)
	if m.Code, ok = parseCode(entry); !ok {
		k.fail("backendBundleEntry", `"backendBundleEntry" must be "builtin", "./name" of a file beside e.json, or a bare name, not %q`, clip(entry))
	}
	if strings.ContainsRune(m.Interpreter, 0) || strings.Contains(m.Interpreter, "/") && !strings.HasPrefix(m.Interpreter, "/") {
		k.fail("interpreter", `"interpreter" must be a bare name or an absolute path, not %q`, clip(m.Interpreter))
	}
	switch m.Access {
	case "":
		m.Access = Public
	case Public, Protected, Private:
	default:
		k.fail("accessModifier", `"accessModifier" must be public, protected or private, not %q`, clip(m.Access))
	}
	if front := k.text("frontBundleEntry", false); strings.HasSuffix(front, ".json") {
		file, ok := LocalFile(front)
		if !ok {
			k.fail("frontBundleEntry", `"frontBundleEntry" must name a file in the element's directory, not %q`, clip(front))
		}
		m.ConfigFile = file
	}
	m.readFunctions(k)
	_, m.TypeLine = v.At([]string{"type"})
	_, m.EntryLine = v.At([]string{"backendBundleEntry"})
	_, m.listLine = v.At([]string{"functionList"})
	m.Texts = otherTexts(v)
	if problem.Failed(problems) {
		return nil, problems
	}
	m.Warnings = problems
	return m, nil
}

// Equal reports whether two manifests say the same, in the same lines.
func (m *Manifest) Equal(o *Manifest) bool {
	return bytes.Equal(m.Raw, o.Raw) && m.TypeLine == o.TypeLine && m.listLine == o.listLine && slices.Equal(m.Warnings, o.Warnings)
}

func otherTexts(v *strictjson.Value) map[string]string {
	var texts map[string]string
	for _, member := range v.Members {
		switch member.Name {
		case "title", "type", "tag", "$schema", "backendBundleEntry", "frontBundleEntry":
			continue
		}
		if member.Value.Kind == strictjson.String {
			if texts == nil {
				texts = make(map[string]string)
			}
			texts[member.Name] = member.Value.Text
		}
	}
	return texts
}

func (m *Manifest) readFunctions(k keys) {
	m.Restricted = k.object.Get("functionList") != nil
	seen := map[string]bool{}
	for _, in := range k.objects("functionList") {
		in.warnMisspelt(functionKeys, "name")
		f := element.Function{Name: in.text("name", true), Title: in.text("title", false), Desc: in.text("desc", false),
			ReturnType: in.text("returnType", false), LoginRequired: in.flag("loginRequired", true)}
		if f.Name != "" && seen[f.Name] {
			in.fail("name", "%q is listed twice", f.Name)
		}
		seen[f.Name] = true
		for _, arg := range in.objects("args") {
			arg.warnMisspelt(argumentKeys, "name")
			a := element.Argument{Name: arg.text("name", true), Title: arg.text("title", false), DataType: arg.text("dataType", false), Required: arg.flag("required", false)}
			if a.DataType != "" && !dataTypes[a.DataType] {
				arg.fail("dataType", "%q is no data type; the data types are %s", clip(a.DataType), dataTypeNames)
			}
			if v := arg.object.Get("value"); v != nil {
				a.Value = v.Any()
			}
			f.Args = append(f.Args, a)
		}
		if f.ReturnType != "" && !dataTypes[f.ReturnType] {
			in.fail("returnType", "%q is no data type; the data types are %s", clip(f.ReturnType), dataTypeNames)
		}
		m.Functions = append(m.Functions, f)
		m.FunctionLines = append(m.FunctionLines, in.object.Line)
	}
}

var dataTypes = map[string]bool{"Stext": true, "Ltext": true, "Numeric": true, "Checkbox": true,
	"Phone": true, "JitDict": true, "JitList": true, "RowData": true}

var dataTypeNames = strings.Join(slices.Sorted(maps.Keys(dataTypes)), ", ")

// Compact returns a value's JSON text without spare capacity.
func Compact(v *strictjson.Value) json.RawMessage {
	text := v.Append(nil)
	return append(make(json.RawMessage, 0, len(text)), text...)
}
