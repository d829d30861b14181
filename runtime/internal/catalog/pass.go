package catalog

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/code"
	"github.com/lintel-run/lintel/runtime/internal/catalog/configure"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/resolve"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
)

// maxChain bounds how many Types are derived from each other.
const maxChain = 32

// pass makes one snapshot from what the scanner has seen.
type pass struct {
	id       uint64
	cfg      *Config
	roots    []*scan.Root
	epoch    uint64
	before   *Snapshot // nil in the first pass
	nodes    [][]*node // by root
	view     *resolve.View[*node]
	code     *code.Finder
	revision uint64
	// instances are those whose configuration is still to be read.
	instances []*node
	// standIns are the Types for development that stand in for others, by their Meta.
	standIns map[string]*Element
}

// run brings all nodes up to date. Metas and Types are settled at once, since other
// elements build on them; instances wait until all elements are known.
func (p *pass) run() {
	visible := p.visible()
	for _, n := range visible {
		p.make(n)
	}
	p.standIns = p.findStandIns(visible)
	var reads errgroup.Group
	reads.SetLimit(runtime.GOMAXPROCS(0))
	for _, n := range p.instances {
		reads.Go(func() error { p.configure(n); return nil })
	}
	_ = reads.Wait() // none fails
	for _, n := range visible {
		if n.next == nil || n.next.Rank != Instance || n.waiting() {
			continue
		}
		var more []problem.Problem
		if n.valid() {
			more = p.checkReferences(n)
		}
		p.settle(n, more)
	}
}

// visible returns the nodes that some view shows. The order is that of the files, so
// that revisions are reproducible.
func (p *pass) visible() []*node {
	nodes := make([]*node, 0, len(p.view.Main))
	for _, list := range p.nodes {
		for _, n := range list {
			shown := p.view.Main[n.unit.Name] == n
			for _, view := range p.view.Hidden {
				shown = shown || view[n.unit.Name] == n
			}
			if shown {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes
}

// find returns the node of a full name as the elements of a root see it, or nil.
func (p *pass) find(viewer *scan.Root, name string) *node {
	n, _ := p.view.Find(viewer, name)
	return n
}

// make brings a node's candidate up to date.
func (p *pass) make(n *node) {
	if n.pass == p.id {
		return
	}
	n.pass = p.id
	if n.waiting() {
		return
	}
	u := n.unit
	in := inputs{version: u.Version, epoch: n.from.epoch}
	clash := p.view.Clashes[n]
	if clash != nil {
		in.clash = clash.Message
	}
	cycle := p.cycle(n)
	if u.Manifest != nil && u.Manifest.Type != "" && cycle == nil {
		if in.base = p.find(u.Root, u.Manifest.Type); in.base != nil {
			p.make(in.base)
			in.baseGood, in.baseRank = in.base.good, in.base.rank()
		}
	}
	if n.next != nil && n.next.Rank == Type {
		in.code = p.code.Stamp(u)
	}
	if n.usesVariables {
		in.epoch = p.epoch
	}
	if n.from != in || cycle != nil || n.next == nil && n.problems == nil {
		n.usesVariables = false
		n.next, n.problems = p.candidate(n, in.base, clash, cycle)
		in.code, in.epoch = "", p.epoch
		if n.next != nil && n.next.Rank == Type {
			in.code = p.code.Stamp(u)
		}
		n.from = in
	}
	if n.next == nil || n.next.Rank != Instance {
		p.settle(n, nil)
	}
}

// settle decides what the snapshot shows of a node: the candidate if it is good, else
// the last good one, else a broken element. more are problems that show only when all
// elements are known.
func (p *pass) settle(n *node, more []problem.Problem) {
	problems := n.problems
	if len(more) > 0 {
		problems = append(slices.Clone(problems), more...)
	}
	if n.next != nil && !problem.Failed(problems) {
		if !n.next.sameAs(n.good) {
			p.revision++
			n.next.Revision = p.revision
			n.good = n.next
		}
		n.show(n.good, problems)
		return
	}
	u := n.unit
	if n.good == nil && p.before != nil {
		// The name may have stood for another directory's element until now.
		if e := p.before.LookupFrom(u.Root.Owner(), u.Name); e != nil && !e.Broken {
			n.good = e
		}
	}
	if n.good != nil {
		serving := slices.Clone(problems)
		for i := range serving {
			serving[i].Serving = !serving[i].Warning
		}
		n.show(n.good, serving)
		return
	}
	broken := Element{FullName: u.Name, App: u.Root.Owner(), Access: u.Access(), unit: u}
	if n.next != nil {
		broken = *n.next
	}
	broken.Broken, broken.Description, broken.Config, broken.Masked = true, nil, nil, nil
	if n.shown != nil && n.shown.Broken && broken.sameAs(n.shown) {
		broken.Revision = n.shown.Revision
	} else {
		p.revision++
		broken.Revision = p.revision
	}
	n.show(&broken, problems)
}

// cycle follows "type" from a node up to its Meta and returns a problem if the chain is
// a cycle or too long.
func (p *pass) cycle(n *node) *problem.Problem {
	path := []*node{n}
	for at := n.unit; at.Manifest != nil && at.Manifest.Type != ""; {
		next := p.find(at.Root, at.Manifest.Type)
		if next == nil {
			return nil
		}
		if i := slices.Index(path, next); i >= 0 {
			var files []string
			for _, in := range path[i:] {
				files = append(files, describe(in.unit))
			}
			return n.unit.TypeProblem(fmt.Sprintf("a cycle: the types of %s lead back to %s", strings.Join(files, ", "), next.unit.Name))
		}
		if len(path) > maxChain {
			return n.unit.TypeProblem(fmt.Sprintf("more than %d Types are derived from each other", maxChain))
		}
		path = append(path, next)
		at = next.unit
	}
	return nil
}

// describe names a unit and its e.json.
func describe(u *scan.Unit) string { return u.Name + " (" + u.File("e.json") + ")" }

// candidate makes an element from a node's files. The element is partial if the
// problems are more than warnings.
func (p *pass) candidate(n, base *node, clash, cycle *problem.Problem) (*Element, []problem.Problem) {
	u, m := n.unit, n.unit.Manifest
	if m == nil {
		return nil, u.Unreadable
	}
	e := &Element{
		FullName: u.Name, Title: m.Title, Tag: m.Tag, Type: m.Type, Access: m.Access, App: u.Root.Owner(), EJSON: m.Raw,
		unit: u, manifest: m,
	}
	problems := slices.Clone(u.Unreadable)
	if len(problems) == 0 {
		problems = slices.Clone(m.Warnings)
	}
	if clash != nil {
		problems = append(problems, *clash)
	}
	switch {
	case m.Type == "":
		e.Rank, e.Meta, e.lineage = Meta, u.Name, []string{u.Name}
		e.closed = m.Restricted && len(m.Functions) == 0
		declared, wrong := readErrors(u)
		e.errors = declared
		return e, append(problems, wrong...)
	case cycle != nil:
		return e, append(problems, *cycle)
	case base == nil:
		return e, append(problems, *u.TypeProblem(fmt.Sprintf("there is no element %s that could be the type of %s%s", m.Type, u.Name, p.meantType(n, m.Type))))
	}
	return e, append(problems, p.derive(n, e, base)...)
}

// meantType hints at the Type or Meta that an e.json probably means.
func (p *pass) meantType(of *node, name string) string {
	var names []string
	for candidate, n := range p.view.Main {
		if m := n.unit.Manifest; n != of && m != nil && (m.Type == "" || m.Code.Kind != manifest.NoCode) {
			names = append(names, candidate)
		}
	}
	if near := nearest.Name(name, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// derive fills in what follows from the base and from the element's rank.
func (p *pass) derive(n *node, e *Element, base *node) []problem.Problem {
	u := n.unit
	switch base.rank() {
	case Instance:
		return []problem.Problem{*u.TypeProblem(fmt.Sprintf("%s is an instance; the type of %s must be a Type or a Meta", describe(base.unit), u.Name))}
	case Meta:
		e.Rank = Type
	default:
		e.Rank = Instance
		if u.Manifest.Code.Kind != manifest.NoCode || u.HasDefaults() {
			e.Rank = Type
		}
	}
	above := base.good
	if above == nil {
		if base.shown != nil {
			e.Ancestors, e.Meta = base.shown.lineage, base.shown.Meta
		}
		e.lineage = append([]string{u.Name}, e.Ancestors...)
		return []problem.Problem{*u.TypeProblem(describe(base.unit) + " can't be used: see its own problems")}
	}
	e.above, e.Ancestors, e.Meta, e.closed = above, above.lineage, above.Meta, above.closed
	if e.Rank == Instance {
		e.inheritCode()
		p.instances = append(p.instances, n)
		return e.expose(above.Functions)
	}
	e.lineage = append([]string{u.Name}, e.Ancestors...)
	e.Eager = u.Manifest.Eager
	return append(p.findCode(e), e.readDefaults()...)
}

// findCode sets the code of a Type to its own or that of its base.
func (p *pass) findCode(e *Element) []problem.Problem {
	u := e.unit
	var problems []problem.Problem
	fail := func(code, format string, args ...any) {
		problems = append(problems, problem.Problem{Element: u.Name, Code: code, File: u.File("e.json"), Line: u.Manifest.EntryLine,
			Pointer: "/backendBundleEntry", Message: fmt.Sprintf(format, args...)})
	}
	var own *code.Described
	switch u.Manifest.Code.Kind {
	case manifest.NoCode:
		if e.above.Rank == Meta {
			fail(problem.CodeExecutable, "a Type of the Meta %s needs code: backendBundleEntry is missing", e.Type)
			return problems
		}
		e.inheritCode()
		return e.expose(e.above.Functions)
	case manifest.BuiltinCode:
		e.CodeType, e.CodeApp, e.Entry = u.Name, e.App, code.Entry{Kind: code.Builtin}
		if own = p.code.Builtin(u.Name); own == nil {
			fail(problem.CodeExecutable, "the runtime has no built-in code for %s", u.Name)
		}
	default:
		e.CodeType, e.CodeApp = u.Name, e.App
		e.Entry, own = p.code.Executable(u, fail)
	}
	if own == nil {
		return problems
	}
	e.Description, e.schema = own.Description, own.Schema
	if own.Err != nil {
		fail(problem.CodeDescription, "the description of %s can't be used: %s", u.Name, own.Err)
	}
	return append(problems, e.expose(own.Functions)...)
}

// configure adds the configuration to the candidate of an instance.
func (p *pass) configure(n *node) {
	e := n.next
	in := configure.Input{
		Unit: n.unit, Schema: e.schema, Defaults: e.above.defaults, DeclaredFile: e.Description.GetConfigFile(), Variables: p.variables(e),
	}
	if n.good != nil && n.good.unit.Root == n.unit.Root {
		in.LastFile = n.good.configFile
	}
	result, problems := configure.Configure(in)
	e.setConfig(&result)
	n.usesVariables = result.UsesVariables
	n.problems = append(n.problems, problems...)
	if e.Config == nil {
		return
	}
	n.problems = append(n.problems, p.checkBuiltin(e, result.Value)...)
	e.replace(p.standIns[e.Meta], result.Value)
}

// checkBuiltin returns what a built-in Type refuses of a valid configuration.
func (p *pass) checkBuiltin(e *Element, config *strictjson.Value) []problem.Problem {
	builtin := element.BuiltinOf(e.CodeType)
	if e.Entry.Kind != code.Builtin || builtin == nil || builtin.Check == nil {
		return nil
	}
	err := builtin.Check(element.Env{DataDir: p.cfg.DataDir}, e.Config)
	if err == nil {
		return nil
	}
	wrong := schema.Finding{Message: err.Error()}
	if coded, ok := errcode.As(err); ok {
		wrong.Message = coded.Message
		if key, _ := coded.Details["arg"].(string); key != "" {
			wrong.Tokens, wrong.Message = []string{key}, strings.TrimPrefix(wrong.Message, key+": ")
		}
	}
	found := configure.Problem(e.FullName, config, wrong)
	if found.File == "" {
		found.File = e.unit.File("e.json")
	}
	return []problem.Problem{found}
}

// variables returns where the variables of an instance come from.
func (p *pass) variables(e *Element) *variables.Source {
	s := &variables.Source{Fixed: p.cfg.Variables, LookupEnv: p.cfg.LookupEnv}
	for at := e; at != nil; at = at.above {
		if declared := at.manifest.Variables; len(declared) > 0 {
			s.Declared = append(s.Declared, declared)
		}
	}
	app, own := p.roots[0], e.unit.Root
	s.Files, s.Declared = append(s.Files, app.Env), append(s.Declared, app.App.Variables)
	if own != app && own.App != nil {
		s.Files, s.Declared = append(s.Files, own.Env), append(s.Declared, own.App.Variables)
	}
	return s
}
