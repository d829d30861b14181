package catalog

import (
	"fmt"
	"strings"
)

// exclusion is a key of a configuration that must not be there when the element
// that the key beside it names is of a family.
type exclusion struct {
	name, family string
	pointer      string
	key, beside  string
	file         string
	line         int
}

// excluded checks the keys of a candidate that don't go with an element it names.
func (p *pass) excluded(u *unit) []Problem {
	var problems []Problem
	for _, x := range u.next.exclusions {
		target := p.find(u.root, x.name)
		if target == nil {
			continue // told as a reference
		}
		known := target.known()
		if known == nil || !known.Is(x.family) {
			continue
		}
		problems = append(problems, Problem{Element: u.name, Code: CodeReference, File: x.file, Line: x.line, Pointer: x.pointer,
			Message: fmt.Sprintf("%s does not go with %s of an %s", x.key, x.beside, x.family)})
	}
	return problems
}

// delegates lists the references of an element to others of the family that it
// belongs to itself: those to which it hands on what it was asked to do.
func (e *Element) delegates() []Reference {
	var own []Reference
	for _, ref := range e.References {
		if e.Is(ref.Family) {
			own = append(own, ref)
		}
	}
	return own
}

// circle finds a candidate that would hand work on to itself, by whatever way.
func (p *pass) circle(u *unit) *Problem {
	for _, ref := range u.next.delegates() {
		path := p.way(u.root, ref.Name, u, map[*unit]bool{})
		if path == nil {
			continue
		}
		return &Problem{Element: u.name, Code: CodeReference, File: ref.file, Line: ref.line, Pointer: ref.Pointer,
			Message: "a circle: " + strings.Join(append([]string{u.name}, path...), " uses ")}
	}
	return nil
}

// way gives the names from name to the unit end, nil when none leads there.
func (p *pass) way(viewer *root, name string, end *unit, seen map[*unit]bool) []string {
	at := p.find(viewer, name)
	switch {
	case at == nil || seen[at]:
		return nil
	case at == end:
		return []string{at.name}
	}
	seen[at] = true
	known := at.known()
	if known == nil {
		return nil
	}
	for _, ref := range known.delegates() {
		if path := p.way(at.root, ref.Name, end, seen); path != nil {
			return append([]string{at.name}, path...)
		}
	}
	return nil
}
