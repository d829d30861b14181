package catalog

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

// The ranks.
const (
	Meta     = "meta"
	Type     = "type"
	Instance = "instance"
)

// Element is one element of a Snapshot. Nobody changes it or what it points to.
type Element struct {
	FullName string
	Title    string
	Tag      string
	// Rank is Meta, Type or Instance; empty for a Broken element whose e.json
	// has never been readable.
	Rank string
	// Type is what e.json declares.
	Type string
	// Meta is the family's full name.
	Meta string
	// CodeType is the full name of the Type whose code serves it.
	CodeType string
	// CodeApp is the appId of the app that CodeType comes from, as App.
	CodeApp string
	// Ancestors are the full names from Type up to Meta.
	Ancestors []string
	// App is the appId of the app it comes from; empty: the official library.
	App string
	// Access is Public, Protected or Private.
	Access string
	// Eager: a Type whose code starts with the app.
	Eager bool
	// Functions that callers outside the app may call.
	Functions []Function
	// EJSON is e.json, compact.
	EJSON json.RawMessage
	// Config of an instance: all defaults merged, variables replaced, validated.
	Config json.RawMessage
	// ConfigDigest changes exactly when what the code sees of the instance does:
	// Config, Title or CodeType.
	ConfigDigest string
	// Masked is Config for people: secrets are "******".
	Masked map[string]any
	// References are the elements that Config names, with their families.
	References []Reference
	// Entry is the code that serves it, of an instance its Type's.
	Entry Entry
	// Description is that of CodeType; nil for a Meta and a broken element.
	Description *elementv1.TypeDescription
	// Revision changes when anything above does; it is unique to this state.
	Revision uint64
	// Broken: no generation of it was ever good.
	Broken bool
	// Problems of its newest files. Where they aren't warnings and it isn't
	// Broken, all else shows the last good generation.
	Problems []Problem

	root      *root
	file      string            // of e.json, as problems call it
	texts     map[string]string // further members of e.json
	variables []variables.Declaration
	above     *Element // the base
	schema    *schema.Schema
	defaults  *jsonsource.Value
	lineage   []string // a Type's or Meta's own name and its Ancestors
	closed    bool     // nothing below it is exposed
	configOf  string   // the configuration file it was read from

	exclusions []exclusion
	errors     *familyErrors // of a Meta
}

// Reference is an element that a configuration names.
type Reference struct {
	// Name is the full name, Family the Meta or Type that it has to be of.
	Name   string
	Family string
	// Pointer is its place in the configuration.
	Pointer string

	file string
	line int
	// quiet: the name came from a secret variable and isn't shown.
	quiet bool
}

// Is says whether an element is of a family: an instance of, or derived from, a
// Meta or Type.
func (e *Element) Is(family string) bool {
	return slices.Contains(e.Ancestors, family)
}

// sameAs says whether two states of an element differ in nothing but problems.
func (e *Element) sameAs(o *Element) bool {
	return o != nil && e.Title == o.Title && e.Tag == o.Tag && e.Rank == o.Rank && e.Type == o.Type && e.Meta == o.Meta &&
		e.CodeType == o.CodeType && e.CodeApp == o.CodeApp && e.App == o.App && e.Access == o.Access && e.Eager == o.Eager && e.ConfigDigest == o.ConfigDigest &&
		bytes.Equal(e.EJSON, o.EJSON) && e.Entry.Equal(o.Entry) && e.Description == o.Description && e.schema == o.schema &&
		sameBase(e, o) && e.configOf == o.configOf && e.root == o.root &&
		slices.Equal(e.Ancestors, o.Ancestors) && slices.EqualFunc(e.References, o.References, sameReference) &&
		sameFunctions(e.Functions, o.Functions) && reflect.DeepEqual(e.errors, o.errors) && reflect.DeepEqual(e.Masked, o.Masked) && sameDefaults(e.defaults, o.defaults)
}

func sameReference(a, b Reference) bool {
	return a.Name == b.Name && a.Family == b.Family && a.Pointer == b.Pointer
}

// sameBase compares bases where instances below depend on them.
func sameBase(e, o *Element) bool { return e.Rank == Instance || e.above == o.above }

func sameFunctions(a, b []Function) bool {
	if len(a) != len(b) || len(a) == 0 {
		return len(a) == len(b)
	}
	return &a[0] == &b[0] || reflect.DeepEqual(a, b)
}

func sameDefaults(a, b *jsonsource.Value) bool {
	return a == b || reflect.DeepEqual(a, b)
}
