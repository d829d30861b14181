package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/code"
	"github.com/lintel-run/lintel/runtime/internal/catalog/configure"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/problem"
)

// The ranks.
const (
	Meta     = "meta"
	Type     = "type"
	Instance = "instance"
)

// Access modifiers and kinds of code.
const (
	Private = manifest.Private
	Builtin = code.Builtin
)

type (
	// Entry is the code of a Type.
	Entry = code.Entry
	// Pinned reports whether a description may be used.
	Pinned = code.Pinned
	// Reference is an element that a configuration names.
	Reference = configure.Reference
)

// Element is an element of a Snapshot. It doesn't change, nor does what it points to.
type Element struct {
	FullName string
	Title    string
	Tag      string
	// Rank is Meta, Type or Instance; empty if e.json has never been readable.
	Rank string
	// Type is the full name that e.json declares.
	Type string
	// Meta is the family's full name.
	Meta string
	// CodeType is the full name of the Type whose code serves it.
	CodeType string
	// CodeApp is the App of CodeType.
	CodeApp string
	// Ancestors are the full names from Type up to Meta.
	Ancestors []string
	// App is the appId of the app it comes from; empty: the official library.
	App string
	// Access is public, protected or private.
	Access string
	// Eager means that the code of a Type starts with the app.
	Eager bool
	// Functions that callers outside the app may call.
	Functions []element.Function
	// EJSON is e.json, compact.
	EJSON json.RawMessage
	// Config of an instance has all defaults merged and variables replaced, and is valid.
	Config json.RawMessage
	// ConfigDigest changes exactly when what the code gets of the instance does: Config,
	// Title or CodeType.
	ConfigDigest string
	// Masked is Config with secrets masked.
	Masked map[string]any
	// References are the elements that Config names, with their families.
	References []configure.Reference
	// Entry is the code that serves it or its instances.
	Entry code.Entry
	// Own is what another Type stands in for; nil if none does.
	Own *Own
	// Description describes CodeType; nil for a Meta and a broken element.
	Description *elementv1.TypeDescription
	// Revision changes when anything above does; it is unique to this state.
	Revision uint64
	// Broken means that it was never good.
	Broken bool
	// Problems are those of its newest files. If they are more than warnings and the
	// element isn't Broken, all else shows the last good state.
	Problems []problem.Problem

	unit       *scan.Unit
	manifest   *manifest.Manifest // nil if it has never been readable
	above      *Element           // the base
	schema     *schema.Schema
	defaults   *strictjson.Value
	lineage    []string // a Type's or Meta's own name and its Ancestors
	closed     bool     // nothing below it is exposed
	configFile string   // the configuration file it was read from
	exclusions []configure.Exclusion
	errors     *familyErrors // of a Meta
}

// Is reports whether an element is an instance of, or derived from, a Meta or Type.
func (e *Element) Is(family string) bool {
	return slices.Contains(e.Ancestors, family)
}

// sameAs reports whether two states of an element differ in their problems at most.
func (e *Element) sameAs(o *Element) bool {
	return o != nil && e.Title == o.Title && e.Tag == o.Tag && e.Rank == o.Rank && e.Type == o.Type && e.Meta == o.Meta &&
		e.CodeType == o.CodeType && e.CodeApp == o.CodeApp && e.App == o.App && e.Access == o.Access && e.Eager == o.Eager && e.ConfigDigest == o.ConfigDigest &&
		(e.Own == nil) == (o.Own == nil) && bytes.Equal(e.EJSON, o.EJSON) && e.Entry.Equal(o.Entry) && e.Description == o.Description && e.schema == o.schema &&
		sameBase(e, o) && e.configFile == o.configFile && e.unit.Root == o.unit.Root &&
		slices.Equal(e.Ancestors, o.Ancestors) && slices.EqualFunc(e.References, o.References, sameReference) &&
		sameFunctions(e.Functions, o.Functions) && reflect.DeepEqual(e.errors, o.errors) && reflect.DeepEqual(e.Masked, o.Masked) && sameDefaults(e.defaults, o.defaults)
}

func sameReference(a, b configure.Reference) bool {
	return a.Name == b.Name && a.Family == b.Family && a.Pointer == b.Pointer
}

// sameBase compares bases unless no instance depends on them.
func sameBase(e, o *Element) bool { return e.Rank == Instance || e.above == o.above }

func sameFunctions(a, b []element.Function) bool {
	if len(a) != len(b) || len(a) == 0 {
		return len(a) == len(b)
	}
	return &a[0] == &b[0] || reflect.DeepEqual(a, b)
}

func sameDefaults(a, b *strictjson.Value) bool {
	return a == b || reflect.DeepEqual(a, b)
}

// inheritCode sets the code to that of the base.
func (e *Element) inheritCode() {
	e.CodeType, e.CodeApp, e.Entry, e.Description, e.schema = e.above.CodeType, e.above.CodeApp, e.above.Entry, e.above.Description, e.above.schema
}

// setConfig sets the configuration of an instance.
func (e *Element) setConfig(r *configure.Result) {
	e.configFile, e.Config, e.Masked, e.References, e.exclusions = r.File, r.Config, r.Masked, r.References, r.Exclusions
	if e.Config != nil {
		sum := sha256.Sum256([]byte(e.CodeType + "\x00" + e.Title + "\x00" + string(e.Config)))
		e.ConfigDigest = hex.EncodeToString(sum[:16])
	}
}

// Place returns the file and line of a JSON pointer into the configuration, as far as
// it leads.
func (e *Element) Place(pointer string) (file string, line int) {
	own := &strictjson.Value{Kind: strictjson.Object}
	if e.configFile != "" {
		read, wrong := e.unit.ReadObject(e.configFile)
		if wrong != nil {
			return e.unit.File(e.configFile), 0
		}
		own = read
	}
	var defaults *strictjson.Value
	if e.above != nil {
		defaults = e.above.defaults
	}
	at, line := strictjson.Merge(defaults, own).At(strictjson.Tokens(pointer))
	if at.File == "" {
		return e.unit.File("e.json"), 0
	}
	return at.File, line
}

// EntryPlace returns the file and line that name the code of a Type.
func (e *Element) EntryPlace() (file string, line int) {
	return e.unit.File("e.json"), e.manifest.EntryLine
}

// readDefaults reads a Type's defaults.json and merges it over those of its base.
func (e *Element) readDefaults() []problem.Problem {
	u := e.unit
	e.defaults = e.above.defaults
	if !u.Has("defaults.json") {
		if u.Lacking() {
			return []problem.Problem{manifest.FileProblem(u.Name, u.File("defaults.json"), fs.ErrNotExist)}
		}
		return nil
	}
	own, wrong := u.ReadObject("defaults.json")
	if wrong != nil {
		return []problem.Problem{*wrong}
	}
	e.defaults = strictjson.Merge(e.above.defaults, own)
	if e.schema == nil {
		return nil
	}
	// Other findings are left to the instances, whose files may complete the defaults.
	var problems []problem.Problem
	for _, f := range e.schema.Validate(own) {
		if f.Unknown {
			problems = append(problems, configure.Problem(u.Name, own, f))
		}
	}
	return problems
}

// meantFunction hints at the function that a list probably means.
func meantFunction(name string, base []element.Function) string {
	names := make([]string, len(base))
	for i, f := range base {
		names[i] = f.Name
	}
	if near := nearest.Name(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(names) == 0 {
		return ", which is none"
	}
	return "; those are " + strings.Join(names, ", ")
}

// expose sets the functions that callers outside the app may call: those of the base
// as functionList leaves them. The list may leave out entries and raise loginRequired,
// which an entry does unless it says 0.
func (e *Element) expose(base []element.Function) []problem.Problem {
	if e.closed {
		base = nil
	}
	m := e.manifest
	if !m.Restricted {
		e.Functions = base
		return nil
	}
	var problems []problem.Problem
	listed := make(map[string]element.Function, len(m.Functions))
	for i, f := range m.Functions {
		at := slices.IndexFunc(base, func(b element.Function) bool { return b.Name == f.Name })
		var message string
		switch {
		case at < 0:
			message = fmt.Sprintf("function %q is not one that its Type exposes%s", f.Name, meantFunction(f.Name, base))
		case base[at].LoginRequired && !f.LoginRequired:
			message = fmt.Sprintf("function %q needs a signed-in user; a list can't take that away", f.Name)
		default:
			listed[f.Name] = f
			continue
		}
		problems = append(problems, problem.Problem{Element: e.FullName, Code: problem.CodeFunctions, File: e.unit.File("e.json"), Line: m.FunctionLines[i],
			Pointer: fmt.Sprintf("/functionList/%d", i), Message: message})
	}
	for _, f := range base {
		if own, ok := listed[f.Name]; ok {
			f.LoginRequired = own.LoginRequired
			e.Functions = append(e.Functions, f)
		}
	}
	return problems
}
