package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

// configure reads, completes and checks the configuration of an instance.
func (p *pass) configure(u *unit, e *Element) []Problem {
	own, problems := u.readConfig(e)
	if failed(problems) {
		return problems
	}
	x := expander{unit: u, source: p.source(u, e)}
	merged := x.value(jsonsource.Merge(e.above.defaults, own), nil)
	u.usesVariables = x.used
	if problems = append(problems, x.problems...); failed(problems) {
		return problems
	}
	if x.used {
		merged = e.schema.Coerce(merged)
	}
	for _, finding := range append(e.schema.Validate(merged), e.schema.Refusals(merged)...) {
		problem := findingProblem(u.name, merged, finding)
		if e.configOf == "" && problem.File == "" {
			problem.File, problem.Message = e.file, problem.Message+"; "+u.noConfig(e)
		}
		problems = append(problems, problem)
	}
	if failed(problems) {
		return problems
	}
	for _, finding := range e.schema.Warnings(merged) {
		problem := findingProblem(u.name, merged, finding)
		problem.Warning = true
		if problem.File == "" {
			problem.File = e.file
		}
		problems = append(problems, problem)
	}
	e.Config = compact(merged)
	sum := sha256.Sum256([]byte(e.CodeType + "\x00" + e.Title + "\x00" + string(e.Config)))
	e.ConfigDigest = hex.EncodeToString(sum[:16])
	e.Masked = e.schema.Masked(merged)
	for _, ref := range e.schema.References(merged) {
		v, line := merged.At(ref.Tokens)
		e.References = append(e.References, Reference{Name: ref.Name, Family: ref.Family, Pointer: jsonsource.Pointer(ref.Tokens), file: v.File, line: line, quiet: v.Masked != ""})
	}
	for _, x := range e.schema.Exclusions(merged) {
		beside, _ := merged.At(x.Beside)
		if beside.Kind != jsonsource.String || beside.Text == "" {
			continue
		}
		v, line := merged.At(x.Tokens)
		e.exclusions = append(e.exclusions, exclusion{
			name: beside.Text, family: x.Family, pointer: jsonsource.Pointer(x.Tokens),
			key: x.Tokens[len(x.Tokens)-1], beside: x.Beside[len(x.Beside)-1], file: v.File, line: line,
		})
	}
	return problems
}

// configFiles are the names that an instance's configuration may have, in order.
func (u *unit) configFiles(e *Element) []string {
	if u.source.configFile != "" {
		return []string{u.source.configFile}
	}
	names := []string{lastSegment(u.name) + ".json", "config.json"}
	if declared, ok := localFile(e.Description.GetConfigFile()); ok {
		names = append(names, declared)
	}
	return names
}

// readConfig reads the first of the configuration files that is there. Without
// one the configuration is an empty object, unless there was one before.
func (u *unit) readConfig(e *Element) (*jsonsource.Value, []Problem) {
	for _, name := range u.configFiles(e) {
		if _, there := u.stamp(name); !there && !strings.Contains(name, "/") || name == "e.json" || name == "defaults.json" {
			continue
		}
		if strings.Contains(name, "/") {
			if _, err := u.root.tree.stat(path.Join(u.dir, name)); err != nil {
				continue
			}
		}
		v, problem := readObject(u, name)
		if problem != nil {
			return nil, []Problem{*problem}
		}
		e.configOf = name
		return v, nil
	}
	if u.source.configFile != "" {
		return nil, []Problem{{Element: u.name, Code: CodeFile, File: u.file(u.source.configFile), Message: "the configuration file that frontBundleEntry names is missing"}}
	}
	if u.good != nil && u.good.configOf != "" && u.good.root == u.root {
		return nil, []Problem{{Element: u.name, Code: CodeFile, File: u.file(u.good.configOf), Message: "the configuration file is missing"}}
	}
	return &jsonsource.Value{Kind: jsonsource.Object, Line: 0}, nil
}

func (u *unit) noConfig(e *Element) string {
	return "there is no configuration file: none of " + strings.Join(u.configFiles(e), ", ")
}

// readObject reads a configuration or defaults.json, without its $schema.
func readObject(u *unit, name string) (*jsonsource.Value, *Problem) {
	file := u.file(name)
	src, _, err := u.root.tree.read(path.Join(u.dir, name), maxFile)
	var v *jsonsource.Value
	if err == nil {
		v, err = jsonsource.Parse(file, src)
	}
	if err != nil {
		p := fileProblem(u.name, file, err)
		return nil, &p
	}
	if v.Kind != jsonsource.Object {
		return nil, &Problem{Element: u.name, Code: CodeConfig, File: file, Line: v.Line, Message: "a configuration must be an object"}
	}
	return v.Without("$schema"), nil
}

func findingProblem(name string, v *jsonsource.Value, f schema.Finding) Problem {
	at, line := v.At(f.Tokens)
	return Problem{Element: name, Code: CodeConfig, File: at.File, Line: line, Pointer: jsonsource.Pointer(f.Tokens), Message: f.Message}
}

// source says where an instance's variables come from.
func (p *pass) source(u *unit, e *Element) *variables.Source {
	s := &variables.Source{Fixed: p.cfg.Variables, LookupEnv: p.cfg.LookupEnv}
	for at := e; at != nil; at = at.above {
		if len(at.variables) > 0 {
			s.Declared = append(s.Declared, at.variables)
		}
	}
	app := p.roots[0]
	s.Files, s.Declared = append(s.Files, app.env), append(s.Declared, app.app.Variables)
	if u.root != app && u.root.app != nil {
		s.Files, s.Declared = append(s.Files, u.root.env), append(s.Declared, u.root.app.Variables)
	}
	return s
}

// expander replaces the variables in a configuration.
type expander struct {
	unit     *unit
	source   *variables.Source
	used     bool
	problems []Problem
}

// value gives the value with its variables replaced; parts without any are shared.
func (x *expander) value(v *jsonsource.Value, tokens []string) *jsonsource.Value {
	switch v.Kind {
	case jsonsource.Null, jsonsource.Bool, jsonsource.Number:
	case jsonsource.String:
		return x.text(v, tokens)
	case jsonsource.Object:
		var out *jsonsource.Value
		for i, m := range v.Members {
			next := x.value(m.Value, append(tokens, m.Name))
			if next == m.Value {
				continue
			}
			if out == nil {
				c := *v
				c.Members = append([]jsonsource.Member(nil), v.Members...)
				out = &c
			}
			out.Members[i].Value = next
		}
		if out != nil {
			return out
		}
	case jsonsource.Array:
		var out *jsonsource.Value
		for i, item := range v.Items {
			next := x.value(item, append(tokens, strconv.Itoa(i)))
			if next == item {
				continue
			}
			if out == nil {
				c := *v
				c.Items = append([]*jsonsource.Value(nil), v.Items...)
				out = &c
			}
			out.Items[i] = next
		}
		if out != nil {
			return out
		}
	}
	return v
}

func (x *expander) text(v *jsonsource.Value, tokens []string) *jsonsource.Value {
	if !variables.Has(v.Text) {
		return v
	}
	x.used = true
	expanded, missing := x.source.Expand(v.Text)
	if missing != "" {
		x.problems = append(x.problems, Problem{Element: x.unit.name, Code: CodeVariable, File: v.File, Line: v.Line,
			Pointer: jsonsource.Pointer(tokens), Message: fmt.Sprintf("variable %s has no value, or an empty one", missing)})
		return v
	}
	out := *v
	out.Text, out.Variable = expanded.Text, expanded.Whole
	if expanded.Masked != expanded.Text {
		out.Masked = expanded.Masked
	}
	return &out
}
