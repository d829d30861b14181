package catalog

import (
	"fmt"
	"strings"
	"time"
)

// pass is one making of a snapshot from what the scans have seen.
type pass struct {
	*Loader
	id   uint64
	now  time.Time
	main map[string]*unit
	// hidden is where a root's own view differs from the app's, because private
	// elements are involved; a nil unit is not to be found.
	hidden   map[*root]map[string]*unit
	problems []Problem
	stamps   map[string]string
	// later are instances whose configuration is still to be read.
	later []*unit
}

// find looks a full name up from the point of view of a root's elements.
func (p *pass) find(viewer *root, name string) *unit {
	if u, ok := p.hidden[viewer][name]; ok {
		return u
	}
	return p.main[name]
}

// resolve decides which unit a full name stands for: the first found from the
// app through its parents to the library.
func (p *pass) resolve() {
	names := make([]map[string]*unit, len(p.roots))
	private := map[string]bool{}
	size := 0
	for i, r := range p.roots {
		names[i] = p.own(r)
		size += len(names[i])
		for name, u := range names[i] {
			if u.access() == Private {
				private[name] = true
			}
		}
	}
	p.main = make(map[string]*unit, size)
	folded := make(map[string]*unit, size)
	for i, r := range p.roots {
		for name, u := range names[i] {
			if u.access() == Private && i > 0 {
				continue
			}
			nearer, taken := p.main[name]
			if !taken {
				if other := folded[u.folded]; other != nil && other.root != r {
					other.clash = &Problem{Element: other.name, Code: CodeName, File: other.file("e.json"),
						Message: fmt.Sprintf("the name %s differs from %s in %s in case alone", other.name, u.name, u.file("e.json"))}
				}
				p.main[name], folded[u.folded] = u, u
				continue
			}
			if u.access() == Protected && r.owner() != nearer.root.owner() {
				p.problems = append(p.problems, Problem{Element: name, Code: CodeProtected, File: nearer.file("e.json"), Serving: true,
					Message: fmt.Sprintf("%s is protected in %s and can't be replaced", name, u.file("e.json"))})
				p.main[name] = u
			}
		}
	}
	p.hidden = make(map[*root]map[string]*unit)
	for _, viewer := range p.roots[1:] {
		for name := range private {
			var seen *unit
			for i, r := range p.roots {
				if u := names[i][name]; u != nil && (u.access() != Private || r == viewer) {
					seen = u
					break
				}
			}
			if seen == p.main[name] {
				continue
			}
			if p.hidden[viewer] == nil {
				p.hidden[viewer] = make(map[string]*unit)
			}
			p.hidden[viewer][name] = seen
		}
	}
}

// own maps the names of one root, and notes those that are there twice.
func (p *pass) own(r *root) map[string]*unit {
	names := make(map[string]*unit, len(r.units))
	folded := make(map[string]*unit, len(r.units))
	for _, u := range r.units {
		u.clash = nil
		other := folded[u.folded]
		switch {
		case other == nil:
			folded[u.folded], names[u.name] = u, u
			continue
		case !u.missing.IsZero():
			// It goes in a moment; the other one may take its place.
			if other.name != u.name {
				names[u.name] = u
			}
			continue
		case !other.missing.IsZero():
			folded[u.folded], names[u.name] = u, u
			continue
		}
		what := "two elements have the name " + u.name
		if other.name != u.name {
			what = fmt.Sprintf("the names %s and %s differ in case alone", other.name, u.name)
		}
		message := fmt.Sprintf("%s: %s and %s", what, other.file("e.json"), u.file("e.json"))
		other.clash = &Problem{Element: other.name, Code: CodeName, File: other.file("e.json"), Message: message}
		u.clash = &Problem{Element: u.name, Code: CodeName, File: u.file("e.json"), Message: message}
		if names[u.name] == nil || names[u.name].good == nil && u.good != nil {
			names[u.name] = u
		}
	}
	return names
}

// access is the unit's access modifier as last known.
func (u *unit) access() string {
	if u.source == nil {
		return Public
	}
	return u.source.access
}

// chain follows "type" from a unit up to its Meta as far as it leads, and tells
// of a cycle, or of one that is too long.
func (p *pass) chain(u *unit) *Problem {
	path := []*unit{u}
	for at := u; at.source != nil && at.source.typ != ""; {
		next := p.find(at.root, at.source.typ)
		if next == nil {
			return nil
		}
		for i, seen := range path {
			if seen != next {
				continue
			}
			files := make([]string, 0, len(path)-i)
			for _, in := range path[i:] {
				files = append(files, fmt.Sprintf("%s (%s)", in.name, in.file("e.json")))
			}
			return u.typeProblem("a cycle: the types of %s lead back to %s", strings.Join(files, ", "), next.name)
		}
		if len(path) > maxChain {
			return u.typeProblem("more than %d Types are derived from each other", maxChain)
		}
		path = append(path, next)
		at = next
	}
	return nil
}

func (u *unit) typeProblem(format string, args ...any) *Problem {
	p := &Problem{Element: u.name, Code: CodeType, File: u.file("e.json"), Pointer: "/type", Message: fmt.Sprintf(format, args...)}
	if u.source != nil {
		p.Line = u.source.typeLine
	}
	return p
}
