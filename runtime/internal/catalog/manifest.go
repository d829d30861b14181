package catalog

import (
	"encoding/json"
	"strings"

	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

// manifest is what an e.json says. It is not changed once read.
type manifest struct {
	raw   json.RawMessage
	title string
	typ   string
	// lines of keys that later checks name.
	typeLine, entryLine, listLine int

	entry       string // backendBundleEntry
	args        []string
	interpreter string
	// configFile is frontBundleEntry where that ends in .json.
	configFile string
	access     string
	eager      bool
	tag        string
	variables  []variables.Declaration
	// functions is the functionList; restricted tells an empty one from none.
	functions  []Function
	entryLines []int
	restricted bool
	// texts are the other members that are strings, for selectors.
	texts map[string]string
}

// Access modifiers.
const (
	Public    = "public"
	Protected = "protected"
	Private   = "private"
)

// parseManifest reads the text of an e.json.
func parseManifest(name, file string, src []byte) (*manifest, []Problem) {
	v, err := jsonsource.Parse(file, src)
	if err != nil {
		return nil, []Problem{fileProblem(name, file, err)}
	}
	if v.Kind != jsonsource.Object {
		return nil, []Problem{{Element: name, Code: CodeDefinition, File: file, Line: v.Line, Message: "e.json must be an object"}}
	}
	var problems []Problem
	k := keys{object: v, element: name, code: CodeDefinition, problems: &problems}
	m := &manifest{
		raw: compact(v), title: k.text("title", true), typ: k.text("type", true), entry: k.text("backendBundleEntry", false),
		args: k.texts("args"), interpreter: k.text("interpreter", false), access: k.text("accessModifier", false),
		eager: k.text("backendLoadTime", false) == "afterAppInit", tag: k.text("tag", false), variables: k.declarations(),
	}
	for _, key := range []string{"icon", "description", "$schema"} {
		k.text(key, false)
	}
	if v.Get("type") != nil && m.typ != "" && !ValidName(m.typ) {
		k.fail("type", `"type" must be a full name, or empty for a Meta`)
	}
	if kind, _ := classify(m.entry); kind == badCode {
		k.fail("backendBundleEntry", `"backendBundleEntry" must be "builtin", "./name" of a file beside e.json, or a bare name`)
	}
	if strings.ContainsRune(m.interpreter, 0) || strings.Contains(m.interpreter, "/") && !strings.HasPrefix(m.interpreter, "/") {
		k.fail("interpreter", `"interpreter" must be a bare name or an absolute path`)
	}
	switch m.access {
	case "":
		m.access = Public
	case Public, Protected, Private:
	default:
		k.fail("accessModifier", `"accessModifier" must be public, protected or private`)
	}
	if front := k.text("frontBundleEntry", false); strings.HasSuffix(front, ".json") {
		file, ok := localFile(front)
		if !ok {
			k.fail("frontBundleEntry", `"frontBundleEntry" must name a file in the element's directory`)
		}
		m.configFile = file
	}
	m.readFunctions(k)
	_, m.typeLine = v.At([]string{"type"})
	_, m.entryLine = v.At([]string{"backendBundleEntry"})
	_, m.listLine = v.At([]string{"functionList"})
	m.texts = otherTexts(v)
	if failed(problems) {
		return nil, problems
	}
	return m, nil
}

func otherTexts(v *jsonsource.Value) map[string]string {
	var texts map[string]string
	for _, member := range v.Members {
		switch member.Name {
		case "title", "type", "tag", "$schema", "backendBundleEntry", "frontBundleEntry":
			continue
		}
		if member.Value.Kind == jsonsource.String {
			if texts == nil {
				texts = make(map[string]string)
			}
			texts[member.Name] = member.Value.Text
		}
	}
	return texts
}

func (m *manifest) readFunctions(k keys) {
	m.restricted = k.object.Get("functionList") != nil
	seen := map[string]bool{}
	for _, in := range k.objects("functionList") {
		f := Function{Name: in.text("name", true), Title: in.text("title", false), Desc: in.text("desc", false),
			ReturnType: in.text("returnType", false), LoginRequired: in.flag("loginRequired", true)}
		if f.Name != "" && seen[f.Name] {
			in.fail("name", "%q is listed twice", f.Name)
		}
		seen[f.Name] = true
		for _, arg := range in.objects("args") {
			a := Argument{Name: arg.text("name", true), Title: arg.text("title", false), DataType: arg.text("dataType", false), Required: arg.flag("required", false)}
			if a.DataType != "" && !dataTypes[a.DataType] {
				arg.fail("dataType", "%q is no data type", a.DataType)
			}
			if v := arg.object.Get("value"); v != nil {
				a.Value = v.Any()
			}
			f.Args = append(f.Args, a)
		}
		if f.ReturnType != "" && !dataTypes[f.ReturnType] {
			in.fail("returnType", "%q is no data type", f.ReturnType)
		}
		m.functions = append(m.functions, f)
		m.entryLines = append(m.entryLines, in.object.Line)
	}
}

var dataTypes = map[string]bool{"Stext": true, "Ltext": true, "Numeric": true, "Checkbox": true,
	"Phone": true, "JitDict": true, "JitList": true, "RowData": true}

// compact gives a value's JSON text without spare capacity.
func compact(v *jsonsource.Value) json.RawMessage {
	text := v.Append(nil)
	return append(make(json.RawMessage, 0, len(text)), text...)
}
