// Package configure reads, completes and checks the configuration of an instance. It
// knows no other instance: what a configuration names is left to its caller.
package configure

import (
	"encoding/json"
	"strings"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
)

// Input is what a configuration is made from.
type Input struct {
	Unit   *scan.Unit
	Schema *schema.Schema
	// Defaults are those of its Type.
	Defaults *strictjson.Value
	// DeclaredFile is the file name that its Type declares.
	DeclaredFile string
	// LastFile is the file of the last good configuration, empty if there was none.
	LastFile  string
	Variables *variables.Source
}

// Result is the configuration of an instance.
type Result struct {
	// Config has all defaults merged and variables replaced.
	Config json.RawMessage
	// Masked is Config with secrets masked.
	Masked map[string]any
	// Value is Config with the places of its parts.
	Value      *strictjson.Value
	References []Reference
	Exclusions []Exclusion
	// File is the file it was read from, empty if there is none.
	File string
	// UsesVariables is set even if there are problems.
	UsesVariables bool
}

// Reference is an element that a configuration names.
type Reference struct {
	// Name is the full name, Family the Meta or Type that it has to belong to.
	Name   string
	Family string
	// Pointer, File and Line are its place.
	Pointer string
	File    string
	Line    int
	// Variable is the variable that the name came from, empty if it was written.
	Variable string
	// Secret means that the name came from a secret variable and isn't shown.
	Secret bool
}

// Exclusion is a key of a configuration that is not allowed if the element that the
// key beside it names belongs to a family.
type Exclusion struct {
	Name, Family string
	Key, Beside  string
	Pointer      string
	File         string
	Line         int
}

// Configure makes the configuration of an instance.
func Configure(in Input) (Result, []problem.Problem) {
	var r Result
	own, wrong := in.read(&r)
	if wrong != nil {
		return r, []problem.Problem{*wrong}
	}
	u := in.Unit
	x := expander{element: u.Name, source: in.Variables}
	merged := x.value(strictjson.Merge(in.Defaults, own), nil)
	r.UsesVariables = x.used
	if len(x.problems) > 0 {
		return r, x.problems
	}
	if x.used {
		merged = in.Schema.Coerce(merged)
	}
	var problems []problem.Problem
	for _, finding := range append(in.Schema.Validate(merged), in.Schema.Refusals(merged)...) {
		p := Problem(u.Name, merged, finding)
		if r.File == "" && p.File == "" {
			p.File = u.File("e.json")
			p.Message += "; there is no configuration file: none of " + strings.Join(in.files(), ", ")
		}
		problems = append(problems, p)
	}
	if problem.Failed(problems) {
		return r, problems
	}
	for _, finding := range in.Schema.Warnings(merged) {
		p := Problem(u.Name, merged, finding)
		p.Warning = true
		if p.File == "" {
			p.File = u.File("e.json")
		}
		problems = append(problems, p)
	}
	merged = in.Schema.Plain(merged)
	r.Config, r.Value = manifest.Compact(merged), merged
	r.Masked = in.Schema.Masked(merged)
	for _, ref := range in.Schema.References(merged) {
		v, line := merged.At(ref.Tokens)
		r.References = append(r.References, Reference{Name: ref.Name, Family: ref.Family,
			Pointer: strictjson.Pointer(ref.Tokens), File: v.File, Line: line, Variable: v.Variable, Secret: v.Masked != ""})
	}
	for _, x := range in.Schema.Exclusions(merged) {
		beside, _ := merged.At(x.Beside)
		if beside.Kind != strictjson.String || beside.Text == "" {
			continue
		}
		v, line := merged.At(x.Tokens)
		r.Exclusions = append(r.Exclusions, Exclusion{
			Name: beside.Text, Family: x.Family, Key: x.Tokens[len(x.Tokens)-1], Beside: x.Beside[len(x.Beside)-1],
			Pointer: strictjson.Pointer(x.Tokens), File: v.File, Line: line,
		})
	}
	return r, problems
}

// files returns the names that the configuration file may have, in order.
func (in *Input) files() []string {
	m := in.Unit.Manifest
	if m.ConfigFile != "" {
		return []string{m.ConfigFile}
	}
	names := []string{manifest.LastSegment(in.Unit.Name) + ".json", "config.json"}
	if declared, ok := manifest.LocalFile(in.DeclaredFile); ok {
		names = append(names, declared)
	}
	return names
}

// read reads the first configuration file that exists. Without one the configuration
// is an empty object, unless there was one before.
func (in *Input) read(r *Result) (*strictjson.Value, *problem.Problem) {
	u := in.Unit
	for _, name := range in.files() {
		if name == "e.json" || name == "defaults.json" || !u.Has(name) {
			continue
		}
		v, wrong := u.ReadObject(name)
		if wrong == nil {
			r.File = name
		}
		return v, wrong
	}
	switch {
	case u.Manifest.ConfigFile != "":
		return nil, &problem.Problem{Element: u.Name, Code: problem.CodeFile, File: u.File(u.Manifest.ConfigFile), Message: "the configuration file that frontBundleEntry names is missing"}
	case in.LastFile != "":
		return nil, &problem.Problem{Element: u.Name, Code: problem.CodeFile, File: u.File(in.LastFile), Message: "the configuration file is missing"}
	}
	return &strictjson.Value{Kind: strictjson.Object}, nil
}

// Problem returns the problem of a finding in a configuration.
func Problem(element string, v *strictjson.Value, f schema.Finding) problem.Problem {
	at, line := v.At(f.Tokens)
	return problem.Problem{Element: element, Code: problem.CodeConfig, File: at.File, Line: line, Pointer: strictjson.Pointer(f.Tokens), Message: f.Message}
}
