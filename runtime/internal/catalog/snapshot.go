package catalog

import (
	"cmp"
	"slices"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/problem"
)

// AppInfo is the description of the app in app.json.
type AppInfo struct {
	AppID   string
	Name    string
	Title   string
	Version string
	// Dir is absolute.
	Dir string
}

// Snapshot holds the elements of the app at one time. It doesn't change.
type Snapshot struct {
	App AppInfo
	// Problems are those of the app and of all elements, in order.
	Problems []problem.Problem
	// Defaults are the full names of the default elements, by kind. If a changed one
	// is unfit, the earlier one stays.
	Defaults map[string]string
	// Errors are the codes that all Metas declare.
	Errors errortable.Table
	// Unfit are the problems of Defaults that name no element of the right family.
	Unfit map[string]problem.Problem

	elements map[string]*Element
	names    []string
	// hidden is where elements of another app see other elements, by appId.
	hidden map[string]map[string]*Element
}

// Lookup returns the element of a full name as the app sees it, nil if there is none.
func (s *Snapshot) Lookup(fullName string) *Element { return s.elements[fullName] }

// LookupFrom returns the element of a full name as the elements of an app see it: with
// that app's private elements and without those of others.
func (s *Snapshot) LookupFrom(appID, fullName string) *Element {
	if e, ok := s.hidden[appID][fullName]; ok {
		return e
	}
	return s.elements[fullName]
}

// Elements returns all elements that the app sees, in name order.
func (s *Snapshot) Elements() []*Element {
	all := make([]*Element, len(s.names))
	for i, name := range s.names {
		all[i] = s.elements[name]
	}
	return all
}

// Others returns the private elements that only other elements of a parent see. They
// serve calls like any other.
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
		return cmp.Or(cmp.Compare(a.FullName, b.FullName), cmp.Compare(a.Revision, b.Revision))
	})
	return all
}

// Len returns the number of elements that the app sees.
func (s *Snapshot) Len() int { return len(s.names) }

// snapshot returns what the pass has settled.
func (p *pass) snapshot(problems []problem.Problem) *Snapshot {
	app := p.roots[0]
	s := &Snapshot{
		App:      AppInfo{AppID: app.App.AppID, Name: app.App.Name, Title: app.App.Title, Version: app.App.Version, Dir: app.Dir},
		elements: make(map[string]*Element, len(p.view.Main)),
		names:    make([]string, 0, len(p.view.Main)),
		hidden:   make(map[string]map[string]*Element),
		Defaults: make(map[string]string, len(manifest.Families)),
		Unfit:    make(map[string]problem.Problem),
	}
	same := p.before != nil && len(p.before.names) == len(p.view.Main)
	for name, n := range p.view.Main {
		s.elements[name] = n.shown
		s.names = append(s.names, name)
		same = same && p.before.elements[name] != nil
		s.Problems = append(s.Problems, n.shown.Problems...)
	}
	if same {
		s.names = p.before.names
	} else {
		slices.Sort(s.names)
	}
	counted := map[*Element]bool{}
	for viewer, names := range p.view.Hidden {
		view := make(map[string]*Element, len(names))
		for name, n := range names {
			if n == nil {
				view[name] = nil
				continue
			}
			view[name] = n.shown
			if s.elements[name] != n.shown && !counted[n.shown] {
				counted[n.shown] = true
				s.Problems = append(s.Problems, n.shown.Problems...)
			}
		}
		s.hidden[viewer.Owner()] = view
	}
	s.Problems = append(s.Problems, problems...)
	s.errorTable()
	p.defaults(s)
	problem.Sort(s.Problems)
	return s
}

// defaults sets the default elements and checks those that app.json names.
func (p *pass) defaults(s *Snapshot) {
	app := p.roots[0].App
	for kind, family := range manifest.Families {
		s.Defaults[kind] = family.Provided
		named, ok := app.Defaults[kind]
		if !ok || p.cfg.Dev && kind != element.DefaultCorp {
			continue
		}
		s.Defaults[kind] = named.Name
		wrong := problem.Problem{Code: problem.CodeReference, File: "app.json", Line: named.Line, Pointer: "/settings/defaultElement/" + kind}
		n := p.view.Main[named.Name]
		switch {
		case n == nil:
			wrong.Message = "there is no element " + named.Name
		case !n.fits(family.Meta):
			wrong.Message = describe(n.unit) + " is not an instance of " + family.Meta
		case n.shown.Broken && p.displaces(kind, named.Name):
			wrong.Message = describe(n.unit) + " is not available"
		default:
			continue
		}
		if p.displaces(kind, named.Name) {
			s.Defaults[kind], wrong.Serving = p.before.Defaults[kind], true
		} else {
			s.Unfit[kind] = wrong
		}
		s.Problems = append(s.Problems, wrong)
	}
}

// displaces reports whether a name would take the place of another that is in use.
func (p *pass) displaces(kind, name string) bool {
	if p.before == nil || p.before.Defaults[kind] == name {
		return false
	}
	_, unfit := p.before.Unfit[kind]
	return !unfit
}
