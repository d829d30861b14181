package catalog

import (
	"slices"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/errortable"
)

// AppInfo is what app.json says of the app.
type AppInfo struct {
	AppID   string
	Name    string
	Title   string
	Version string
	// Dir is absolute.
	Dir string
}

// Snapshot is the app's elements at one time. Nobody changes it.
type Snapshot struct {
	App AppInfo
	// Problems of the app and of all elements, in order.
	Problems []Problem
	// Defaults gives the full names behind app.json's default elements, by kind.
	// One that turns out to be unfit leaves the one of before.
	Defaults map[string]string
	// Errors are the codes that all Metas declare.
	Errors errortable.Table
	// Unfit are those of Defaults that name nothing, or an element of another family.
	Unfit map[string]Problem

	elements map[string]*Element
	names    []string
	// hidden is where the view of another app's elements differs, by appId.
	hidden map[string]map[string]*Element
}

// Lookup gives the element of a full name as the running app sees it, nil if
// there is none.
func (s *Snapshot) Lookup(fullName string) *Element { return s.elements[fullName] }

// LookupFrom gives the element of a full name as the elements of an app see it:
// they find that app's private elements, and no other's. appID is an Element's App.
func (s *Snapshot) LookupFrom(appID, fullName string) *Element {
	if e, ok := s.hidden[appID][fullName]; ok {
		return e
	}
	return s.elements[fullName]
}

// Elements lists all elements that the running app sees, in name order.
func (s *Snapshot) Elements() []*Element {
	all := make([]*Element, len(s.names))
	for i, name := range s.names {
		all[i] = s.elements[name]
	}
	return all
}

// Others lists the elements that only the elements of a parent see: its private
// ones. They serve calls as any other.
func (s *Snapshot) Others() []*Element {
	var all []*Element
	for _, view := range s.hidden {
		for _, e := range view {
			if e != nil && s.elements[e.FullName] != e && !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b *Element) int {
		if a.FullName != b.FullName {
			if a.FullName < b.FullName {
				return -1
			}
			return 1
		}
		return int(a.Revision) - int(b.Revision)
	})
	return all
}

// Len is the number of elements that the running app sees.
func (s *Snapshot) Len() int { return len(s.names) }

// from is LookupFrom for a root.
func (s *Snapshot) from(r *root, name string) *Element { return s.LookupFrom(r.owner(), name) }

// snapshot puts together what the pass has settled.
func (p *pass) snapshot() *Snapshot {
	app := p.roots[0]
	s := &Snapshot{
		App:      AppInfo{AppID: app.app.AppID, Name: app.app.Name, Title: app.app.Title, Version: app.app.Version, Dir: app.dir},
		elements: make(map[string]*Element, len(p.main)),
		names:    make([]string, 0, len(p.main)),
		hidden:   make(map[string]map[string]*Element),
		Defaults: make(map[string]string, len(families)),
		Unfit:    make(map[string]Problem),
	}
	same := p.shown != nil && len(p.shown.names) == len(p.main)
	for name, u := range p.main {
		s.elements[name] = u.out
		s.names = append(s.names, name)
		same = same && p.shown.elements[name] != nil
		s.Problems = append(s.Problems, u.out.Problems...)
	}
	if same {
		s.names = p.shown.names
	} else {
		slices.Sort(s.names)
	}
	counted := map[*Element]bool{}
	for viewer, names := range p.hidden {
		view := make(map[string]*Element, len(names))
		for name, u := range names {
			if u == nil {
				view[name] = nil
				continue
			}
			view[name] = u.out
			if s.elements[name] != u.out && !counted[u.out] {
				counted[u.out] = true
				s.Problems = append(s.Problems, u.out.Problems...)
			}
		}
		s.hidden[viewer.owner()] = view
	}
	s.Problems = append(s.Problems, p.problems...)
	s.errorTable()
	p.defaults(s)
	sortProblems(s.Problems)
	return s
}

// defaults names the elements behind the kinds of defaults, and checks those
// that app.json names.
func (p *pass) defaults(s *Snapshot) {
	app := p.roots[0].app
	for kind, family := range families {
		s.Defaults[kind] = family.provided
		named, ok := app.defaults[kind]
		if !ok || p.cfg.Dev && kind != element.DefaultCorp {
			continue
		}
		s.Defaults[kind] = named.name
		problem := Problem{Code: CodeReference, File: "app.json", Line: named.line, Pointer: "/settings/defaultElement/" + kind}
		u := p.main[named.name]
		switch {
		case u == nil:
			problem.Message = "there is no element " + named.name
		case !u.fits(family.meta):
			problem.Message = named.name + " (" + u.file("e.json") + ") is not an instance of " + family.meta
		case u.out.Broken && p.replaces(kind, named.name):
			problem.Message = named.name + " (" + u.file("e.json") + ") is not available"
		default:
			continue
		}
		if p.replaces(kind, named.name) {
			s.Defaults[kind], problem.Serving = p.shown.Defaults[kind], true
		} else {
			s.Unfit[kind] = problem
		}
		s.Problems = append(s.Problems, problem)
	}
}

// replaces says whether a name would take the place of another that is in use.
func (p *pass) replaces(kind, name string) bool {
	if p.shown == nil || p.shown.Defaults[kind] == name {
		return false
	}
	_, unfit := p.shown.Unfit[kind]
	return !unfit
}
