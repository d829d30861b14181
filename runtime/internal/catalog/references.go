package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/configure"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/problem"
)

// checkReferences checks the elements that a candidate names.
func (p *pass) checkReferences(n *node) []problem.Problem {
	var problems []problem.Problem
	for _, ref := range n.next.References {
		if wrong := p.wrongReference(n, ref); wrong != "" {
			problems = append(problems, referenceProblem(n, ref, wrong))
		}
	}
	problems = append(problems, p.checkExclusions(n)...)
	if loop := p.checkLoop(n); loop != nil {
		problems = append(problems, *loop)
	}
	return problems
}

// wrongReference returns what is wrong with a reference, "" if nothing is.
func (p *pass) wrongReference(n *node, ref configure.Reference) string {
	target := p.find(n.unit.Root, ref.Name)
	name, from := ref.Name, ""
	if ref.Secret || !manifest.ValidName(ref.Name) {
		name = "of this name"
	}
	if ref.Variable != "" {
		from = " (from variable " + ref.Variable + ")"
	}
	names := p.namesOf(n.unit.Root, ref.Family)
	near := nearest.Name(ref.Name, names)
	switch {
	case target == nil && near != "" && name == ref.Name:
		return fmt.Sprintf("there is no element %s%s; did you mean %s?", name, from, near)
	case target == nil:
		return fmt.Sprintf("there is no element %s%s; expected an instance of %s%s", name, from, ref.Family, listed(names))
	case !target.fits(ref.Family) && ref.Secret:
		return fmt.Sprintf("this element%s is not an instance of %s%s", from, ref.Family, listed(names))
	case !target.fits(ref.Family):
		return fmt.Sprintf("%s%s is not an instance of %s%s", describe(target.unit), from, ref.Family, listed(names))
	}
	if known := target.known(); known != nil && known.forDevelopment() && !p.cfg.Dev {
		wanted := "this"
		if ref.Variable != "" {
			wanted = "variable " + ref.Variable
		}
		if ref.Secret {
			name = "this element"
		}
		return fmt.Sprintf("%s is an instance of %s, which serves only with --dev; %s must name a vendor%s", name, known.CodeType, wanted, listed(names))
	}
	return ""
}

// maxListed bounds the names that a message lists.
const maxListed = 8

// listed continues a message with the names that there are.
func listed(names []string) string {
	switch {
	case len(names) == 0:
		return "; there is none yet, lintel new instance writes one"
	case len(names) > maxListed:
		names = append(names[:maxListed:maxListed], "…")
	}
	return "; there is " + strings.Join(names, ", ")
}

// namesOf returns the full names of the instances of a family, in order. Outside of
// development, those for development are left out.
func (p *pass) namesOf(viewer *scan.Root, family string) []string {
	var names []string
	for name := range p.view.Main {
		n := p.find(viewer, name)
		if n == nil {
			continue
		}
		if e := n.known(); e != nil && e.Rank == Instance && e.Is(family) && (p.cfg.Dev || !e.forDevelopment()) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func referenceProblem(n *node, ref configure.Reference, message string) problem.Problem {
	return problem.Problem{Element: n.unit.Name, Code: problem.CodeReference, File: ref.File, Line: ref.Line, Pointer: ref.Pointer, Message: message}
}

// checkExclusions checks the keys that are not allowed beside an element that the
// candidate names.
func (p *pass) checkExclusions(n *node) []problem.Problem {
	var problems []problem.Problem
	for _, x := range n.next.exclusions {
		target := p.find(n.unit.Root, x.Name)
		if target == nil {
			continue // reported as a reference
		}
		if known := target.known(); known == nil || !known.Is(x.Family) {
			continue
		}
		problems = append(problems, problem.Problem{Element: n.unit.Name, Code: problem.CodeReference, File: x.File, Line: x.Line, Pointer: x.Pointer,
			Message: fmt.Sprintf("%s does not go with %s of an %s", x.Key, x.Beside, x.Family)})
	}
	return problems
}

// delegates returns the references of an element to others of its own family: those to
// which it hands on what it is asked to do.
func (e *Element) delegates() []configure.Reference {
	return slices.DeleteFunc(slices.Clone(e.References), func(ref configure.Reference) bool { return !e.Is(ref.Family) })
}

// checkLoop returns a problem if a candidate would hand work on to itself.
func (p *pass) checkLoop(n *node) *problem.Problem {
	for _, ref := range n.next.delegates() {
		if path := p.path(n.unit.Root, ref.Name, n, map[*node]bool{}); path != nil {
			loop := referenceProblem(n, ref, "a circle: "+strings.Join(append([]string{n.unit.Name}, path...), " uses "))
			return &loop
		}
	}
	return nil
}

// path returns the names from name to the node end, nil if nothing leads there.
func (p *pass) path(viewer *scan.Root, name string, end *node, seen map[*node]bool) []string {
	at := p.find(viewer, name)
	switch {
	case at == nil || seen[at]:
		return nil
	case at == end:
		return []string{at.unit.Name}
	}
	seen[at] = true
	known := at.known()
	if known == nil {
		return nil
	}
	for _, ref := range known.delegates() {
		if path := p.path(at.unit.Root, ref.Name, end, seen); path != nil {
			return append([]string{at.unit.Name}, path...)
		}
	}
	return nil
}
