package catalog

import (
	"fmt"
	"slices"
)

// build is what became of a unit.
type build struct {
	pass uint64
	from inputs
	// clash is set when the name is not this unit's alone.
	clash *Problem
	// next is the newest candidate: partial when wrong holds more than warnings;
	// nil when e.json has never been readable.
	next  *Element
	wrong []Problem
	// good is the last good candidate, out what the snapshot shows.
	good *Element
	out  *Element
}

// inputs is what a candidate was made from, beside its own files.
type inputs struct {
	source     *manifest
	unreadable bool
	clash      string
	base       *unit
	baseGood   *Element
	baseRank   string
	epoch      uint64
	code       string
}

// make brings a unit's candidate up to date. Metas and Types are settled at once,
// since others are built on them; instances wait until all elements are known.
func (p *pass) make(u *unit) {
	if u.pass == p.id {
		return
	}
	u.pass = p.id
	if !u.missing.IsZero() && u.out != nil {
		return
	}
	in := inputs{source: u.source, unreadable: u.unreadable != nil}
	if u.clash != nil {
		in.clash = u.clash.Message
	}
	cycle := p.chain(u)
	if u.source != nil && u.source.typ != "" && cycle == nil {
		if in.base = p.find(u.root, u.source.typ); in.base != nil {
			p.make(in.base)
			in.baseGood, in.baseRank = in.base.good, in.base.rank()
		}
	}
	if u.next == nil || u.next.Rank != Type {
		in.code = ""
	} else {
		in.code = p.codeStamp(u)
	}
	in.epoch = u.from.epoch
	if u.usesVariables {
		in.epoch = p.epoch
	}
	if !u.touched && u.from == in && cycle == nil && (u.next != nil || u.wrong != nil) {
		if u.next == nil || u.next.Rank != Instance {
			p.settle(u, nil)
		}
		return
	}
	u.touched, u.usesVariables = false, false
	u.next, u.wrong = p.candidate(u, in.base, cycle)
	if u.next != nil && u.next.Rank == Type {
		in.code = p.codeStamp(u)
	}
	in.epoch = p.epoch
	u.from = in
	if u.next == nil || u.next.Rank != Instance {
		p.settle(u, nil)
	}
}

// rank is that of the newest good candidate, else of what is known.
func (u *unit) rank() string {
	switch {
	case u.next != nil && !failed(u.wrong):
		return u.next.Rank
	case u.good != nil:
		return u.good.Rank
	case u.next != nil:
		return u.next.Rank
	}
	return ""
}

// settle decides what the snapshot shows of a unit: the candidate if it is good,
// else the last good one, else a broken element. more are problems that show
// only when all elements are known.
func (p *pass) settle(u *unit, more []Problem) {
	wrong := u.wrong
	if len(more) > 0 {
		wrong = append(slices.Clone(wrong), more...)
	}
	if u.next != nil && !failed(wrong) {
		if !u.next.sameAs(u.good) {
			p.revision++
			u.next.Revision = p.revision
			u.good = u.next
		}
		u.show(u.good, wrong)
		return
	}
	if u.good == nil && p.shown != nil {
		// The name may have stood for another directory's element until now.
		if before := p.shown.from(u.root, u.name); before != nil && !before.Broken {
			u.good = before
		}
	}
	if u.good != nil {
		serving := slices.Clone(wrong)
		for i := range serving {
			serving[i].Serving = !serving[i].Warning
		}
		u.show(u.good, serving)
		return
	}
	broken := Element{FullName: u.name, App: u.root.owner(), Access: u.access(), root: u.root, file: u.file("e.json")}
	if u.next != nil {
		broken = *u.next
	}
	broken.Broken, broken.Description, broken.Config, broken.Masked = true, nil, nil, nil
	if u.out != nil && u.out.Broken && broken.sameAs(u.out) {
		broken.Revision = u.out.Revision
	} else {
		p.revision++
		broken.Revision = p.revision
	}
	u.show(&broken, wrong)
}

// show sets the unit's place in the snapshot, the same one where nothing changed.
func (u *unit) show(e *Element, problems []Problem) {
	if u.out != nil && u.out.Revision == e.Revision && slices.Equal(u.out.Problems, problems) && u.out.Broken == e.Broken {
		return
	}
	if len(problems) == 0 && len(e.Problems) == 0 {
		u.out = e
		return
	}
	shown := *e
	shown.Problems = problems
	u.out = &shown
}

// candidate makes an element from the unit's files. The element is partial where
// the problems are more than warnings.
func (p *pass) candidate(u *unit, base *unit, cycle *Problem) (*Element, []Problem) {
	m := u.source
	if m == nil {
		return nil, u.unreadable
	}
	e := &Element{
		FullName: u.name, Title: m.title, Tag: m.tag, Type: m.typ, Access: m.access, App: u.root.owner(), EJSON: m.raw,
		root: u.root, file: u.file("e.json"), texts: m.texts, variables: m.variables,
	}
	problems := slices.Clone(u.unreadable)
	if u.clash != nil {
		problems = append(problems, *u.clash)
	}
	switch {
	case m.typ == "":
		e.Rank, e.Meta, e.lineage = Meta, u.name, []string{u.name}
		e.closed = m.restricted && len(m.functions) == 0
		declared, more := u.readErrors()
		e.errors = declared
		return e, append(problems, more...)
	case cycle != nil:
		return e, append(problems, *cycle)
	case base == nil:
		return e, append(problems, *u.typeProblem("there is no element %s that could be the type of %s", m.typ, u.name))
	}
	problems = append(problems, p.derive(u, e, base)...)
	return e, problems
}

// derive fills in what follows from the base, and then from the element's rank.
func (p *pass) derive(u *unit, e *Element, base *unit) []Problem {
	m := u.source
	kind, _ := classify(m.entry)
	rank := base.rank()
	switch {
	case rank == Instance:
		return []Problem{*u.typeProblem("%s (%s) is an instance; the type of %s must be a Type or a Meta", base.name, base.file("e.json"), u.name)}
	case rank == Meta, kind != noCode, u.hasDefaults():
		e.Rank = Type
	default:
		e.Rank = Instance
	}
	above := base.good
	if above == nil {
		if base.out != nil {
			e.Ancestors, e.Meta = base.out.lineage, base.out.Meta
		}
		e.lineage = append([]string{u.name}, e.Ancestors...)
		return []Problem{*u.typeProblem("%s (%s) can't be used: see its own problems", base.name, base.file("e.json"))}
	}
	e.above, e.Ancestors, e.Meta, e.closed = above, above.lineage, above.Meta, above.closed
	if e.Rank == Instance {
		e.CodeType, e.CodeApp, e.Entry, e.Description, e.schema = above.CodeType, above.CodeApp, above.Entry, above.Description, above.schema
		p.later = append(p.later, u)
		return e.expose(u, above.Functions)
	}
	e.lineage = append([]string{u.name}, e.Ancestors...)
	e.Eager = m.eager
	return p.code(u, e, kind)
}

// complete adds its configuration to the candidate of an instance.
func (p *pass) complete(u *unit) {
	u.wrong = append(u.wrong, p.configure(u, u.next)...)
}

// expose sets the functions for callers outside from those of the base.
func (e *Element) expose(u *unit, base []Function) []Problem {
	if e.closed {
		base = nil
	}
	functions, problems := u.source.narrow(u.name, e.file, base)
	e.Functions = functions
	return problems
}

// refer checks the elements that a candidate names.
func (p *pass) refer(u *unit) []Problem {
	var problems []Problem
	for _, ref := range u.next.References {
		target := p.find(u.root, ref.Name)
		problem := Problem{Element: u.name, Code: CodeReference, File: ref.file, Line: ref.line, Pointer: ref.Pointer}
		switch {
		case target == nil:
			problem.Message = "there is no element of this name; expected an instance of " + ref.Family
			if ValidName(ref.Name) && !ref.quiet {
				problem.Message = fmt.Sprintf("there is no element %s; expected an instance of %s", ref.Name, ref.Family)
			}
		case !target.fits(ref.Family):
			problem.Message = fmt.Sprintf("%s (%s) is not an instance of %s", target.name, target.file("e.json"), ref.Family)
			if ref.quiet {
				problem.Message = "this element is not an instance of " + ref.Family
			}
		default:
			continue
		}
		problems = append(problems, problem)
	}
	problems = append(problems, p.excluded(u)...)
	if problem := p.circle(u); problem != nil {
		problems = append(problems, *problem)
	}
	return problems
}

// fits says whether the unit is an instance of a family, as far as is known.
func (u *unit) fits(family string) bool {
	known := u.known()
	switch {
	case known == nil || known.Rank == "":
		return true // broken in a way that doesn't tell
	case known.Rank != Instance:
		return false
	}
	return known.Is(family) || known.Meta == ""
}

// known is the newest that can be told of a unit: its candidate, or what is good
// where the candidate isn't.
func (u *unit) known() *Element {
	if (u.next == nil || failed(u.wrong)) && u.good != nil {
		return u.good
	}
	return u.next
}
