package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/runtime/internal/catalog/configure"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/problem"
)

// checkReferences checks the elements that a candidate names.
func (p *pass) checkReferences(n *node) []problem.Problem {
	var problems []problem.Problem
	for _, ref := range n.next.References {
		target := p.find(n.unit.Root, ref.Name)
		var message string
		switch {
		case target == nil && (ref.Secret || !manifest.ValidName(ref.Name)):
			message = "there is no element of this name; expected an instance of " + ref.Family
		case target == nil:
			message = fmt.Sprintf("there is no element %s; expected an instance of %s", ref.Name, ref.Family)
		case target.fits(ref.Family):
			continue
		case ref.Secret:
			message = "this element is not an instance of " + ref.Family
		default:
			message = describe(target.unit) + " is not an instance of " + ref.Family
		}
		problems = append(problems, referenceProblem(n, ref, message))
	}
	problems = append(problems, p.checkExclusions(n)...)
	if loop := p.checkLoop(n); loop != nil {
		problems = append(problems, *loop)
	}
	return problems
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
