// Package resolve decides which element directory a full name stands for: the first
// found in the app, its parents and the library. It knows names and access modifiers,
// and nothing else of elements.
package resolve

import (
	"fmt"

	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/problem"
)

// Candidate is an element directory that claims its full name.
type Candidate interface {
	comparable
	Unit() *scan.Unit
	// Served reports whether it was good before, which settles a clash of names.
	Served() bool
}

// View is what full names stand for.
type View[C Candidate] struct {
	// Main is what the app sees.
	Main map[string]C
	// Hidden is where the view of another root's elements differs, because private
	// elements are involved. A zero Candidate isn't found.
	Hidden map[*scan.Root]map[string]C
	// Clashes are the names that aren't a candidate's alone.
	Clashes map[C]*problem.Problem
	// Problems are those that stop no element.
	Problems []problem.Problem
}

// Resolve resolves the names of all candidates, listed for each of the roots.
func Resolve[C Candidate](roots []*scan.Root, candidates [][]C) *View[C] {
	v := &View[C]{Hidden: make(map[*scan.Root]map[string]C), Clashes: make(map[C]*problem.Problem)}
	names := make([]map[string]C, len(roots))
	private := map[string]bool{}
	size := 0
	for i := range roots {
		names[i] = v.names(candidates[i])
		size += len(names[i])
		for name, c := range names[i] {
			if c.Unit().Access() == manifest.Private {
				private[name] = true
			}
		}
	}
	v.Main = make(map[string]C, size)
	folded := make(map[string]C, size)
	for i := range roots {
		for name, c := range names[i] {
			u := c.Unit()
			if u.Access() == manifest.Private && i > 0 {
				continue
			}
			nearer, taken := v.Main[name]
			if !taken {
				if other, ok := folded[u.Folded]; ok && other.Unit().Root != u.Root {
					v.clash(other, fmt.Sprintf("the name %s differs from %s in %s in case alone", other.Unit().Name, u.Name, u.File("e.json")))
				}
				v.Main[name], folded[u.Folded] = c, c
				continue
			}
			if above := nearer.Unit(); u.Access() == manifest.Protected && u.Root.Owner() != above.Root.Owner() {
				v.Problems = append(v.Problems, problem.Problem{Element: name, Code: problem.CodeProtected, File: above.File("e.json"), Serving: true,
					Message: fmt.Sprintf("%s is protected in %s and can't be replaced", name, u.File("e.json"))})
				v.Main[name] = c
			}
		}
	}
	for _, viewer := range roots[1:] {
		v.hide(viewer, roots, names, private)
	}
	return v
}

// Find returns the candidate of a full name as the elements of a root see it.
func (v *View[C]) Find(viewer *scan.Root, name string) (C, bool) {
	c, differs := v.Hidden[viewer][name]
	if !differs {
		c = v.Main[name]
	}
	var none C
	return c, c != none
}

// hide notes where a root's view differs from the app's.
func (v *View[C]) hide(viewer *scan.Root, roots []*scan.Root, names []map[string]C, private map[string]bool) {
	for name := range private {
		var seen C
		for i, r := range roots {
			if c, ok := names[i][name]; ok && (c.Unit().Access() != manifest.Private || r == viewer) {
				seen = c
				break
			}
		}
		if seen == v.Main[name] {
			continue
		}
		if v.Hidden[viewer] == nil {
			v.Hidden[viewer] = make(map[string]C)
		}
		v.Hidden[viewer][name] = seen
	}
}

// names maps the names of one root and notes clashes.
func (v *View[C]) names(candidates []C) map[string]C {
	names := make(map[string]C, len(candidates))
	folded := make(map[string]C, len(candidates))
	for _, c := range candidates {
		u := c.Unit()
		first, taken := folded[u.Folded]
		switch {
		case !taken:
			folded[u.Folded], names[u.Name] = c, c
			continue
		case u.Missing():
			// It goes soon, and the other one may take its place.
			if first.Unit().Name != u.Name {
				names[u.Name] = c
			}
			continue
		case first.Unit().Missing():
			folded[u.Folded], names[u.Name] = c, c
			continue
		}
		other := first.Unit()
		what := "two elements have the name " + u.Name
		if other.Name != u.Name {
			what = fmt.Sprintf("the names %s and %s differ in case alone", other.Name, u.Name)
		}
		message := fmt.Sprintf("%s: %s and %s", what, other.File("e.json"), u.File("e.json"))
		v.clash(first, message)
		v.clash(c, message)
		if holder, ok := names[u.Name]; !ok || !holder.Served() && c.Served() {
			names[u.Name] = c
		}
	}
	return names
}

func (v *View[C]) clash(c C, message string) {
	u := c.Unit()
	v.Clashes[c] = &problem.Problem{Element: u.Name, Code: problem.CodeName, File: u.File("e.json"), Message: message}
}
