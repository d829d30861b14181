package catalog

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"time"
)

// grace is how long an e.json may be missing before its element goes.
const grace = time.Second

// directory is what was last seen of one directory of a root.
type directory struct {
	path     string
	children map[string]*directory
	unit     *unit
	problems []Problem
	// gone: it was not there when last looked for; what is left waits for the grace.
	gone bool
}

// unit is an element's directory, and what became of it.
type unit struct {
	root   *root
	dir    string // with slashes below the root
	name   string // full name
	folded string
	files  []fileStamp
	// missing is when e.json was first missed, lacking when defaults.json was.
	missing time.Time
	lacking time.Time
	// source is the newest readable e.json; unreadable says that it isn't the
	// newest, and why.
	source     *manifest
	unreadable []Problem
	// touched: its files changed since it was built.
	touched bool
	// usesVariables: its configuration holds variables.
	usesVariables bool

	build
}

func (u *unit) file(name string) string { return u.root.file(path.Join(u.dir, name)) }

func (u *unit) stamp(name string) (stamp, bool) {
	for _, f := range u.files {
		if f.name == name {
			return f.stamp, true
		}
	}
	return stamp{}, false
}

// hasDefaults says whether there is a defaults.json, or was one just now.
func (u *unit) hasDefaults() bool {
	_, ok := u.stamp("defaults.json")
	return ok || !u.lacking.IsZero()
}

// scan looks at a directory and all below. force: what it holds directly is read
// again, whatever the stamps say. deep: known directories below are looked at too.
type scan struct {
	root *root
	now  time.Time
	// seen is told of each directory that is new.
	seen func(dir string)
	// due is told when something has to be looked at again.
	due func(time.Time)
	// unread are the units whose e.json is to be read.
	unread []*unit
}

func (s *scan) visit(d *directory, force, deep bool) {
	d.problems = nil
	depth := strings.Count(d.path, "/") + 1
	l, err := s.root.tree.list(d.path)
	if err != nil {
		if d.path == "." {
			d.problems = append(d.problems, fileProblem("", s.root.file("."), err))
			return
		}
		// Gone or unreadable: its elements are missed like any other.
		if p := fileProblem("", s.root.file(d.path), err); p.Message != "the file is missing" {
			d.problems = append(d.problems, p)
		}
	}
	s.element(d, l, force)
	for _, link := range l.links {
		name := path.Join(d.path, link)
		if at, err := s.root.tree.stat(name); err == nil && at.mode.IsDir() {
			d.problems = append(d.problems, Problem{Code: CodeFile, File: s.root.file(name), Warning: true, Message: "a link to a directory holds no elements"})
		} else if err != nil && strings.Contains(err.Error(), "escapes") {
			d.problems = append(d.problems, Problem{Code: CodeFile, File: s.root.file(name), Warning: true, Message: "the link leads outside the app's directory and is not followed"})
		}
	}
	for name, child := range d.children {
		if _, there := slices.BinarySearch(l.dirs, name); !there {
			if s.lost(child) {
				delete(d.children, name)
			}
		}
	}
	for _, name := range l.dirs {
		below := path.Join(d.path, name)
		if holdsNoElements(name) || below == s.root.skip {
			continue
		}
		child := d.children[name]
		known := child != nil && !child.gone // what came back is looked at whole
		if known && !deep {
			continue
		}
		if depth >= maxDepth {
			d.problems = append(d.problems, Problem{Code: CodeLimit, File: s.root.file(below), Message: "directories this deep hold no elements"})
			break
		}
		if child == nil {
			if s.root.directories >= maxDirectories {
				s.root.limited = true
				break
			}
			s.root.directories++
			child = &directory{path: below}
			if d.children == nil {
				d.children = make(map[string]*directory)
			}
			d.children[name] = child
		}
		if !known {
			child.gone = false
			s.seen(below)
		}
		s.visit(child, force && !known, deep || !known)
	}
}

// lost marks all elements below a directory that is no longer there. It says
// whether nothing of it has to be kept.
func (s *scan) lost(d *directory) bool {
	s.element(d, listing{}, false)
	d.problems, d.gone = nil, true
	for name, child := range d.children {
		if s.lost(child) {
			delete(d.children, name)
		}
	}
	if d.unit == nil && len(d.children) == 0 {
		s.root.directories--
		return true
	}
	return false
}

// element brings a directory's unit up to date.
func (s *scan) element(d *directory, l listing, force bool) {
	if !l.has("e.json") {
		s.absent(d)
		return
	}
	u := d.unit
	if u == nil {
		name, bad := FullName(d.path)
		file := s.root.file(path.Join(d.path, "e.json"))
		switch {
		case bad != "":
			d.problems = append(d.problems, Problem{Code: CodeName, File: file, Message: "the directory " + bad +
				" can't be part of an element's name: a name is letters, digits, _ and -, and begins with a letter or _"})
			return
		case name == "":
			d.problems = append(d.problems, Problem{Code: CodeName, File: file, Message: "the app's own directory is no element"})
			return
		case s.root.elements >= maxElements:
			s.root.limited = true
			return
		}
		s.root.elements++
		u = &unit{root: s.root, dir: d.path, name: name, folded: strings.ToLower(name)}
		d.unit = u
		force = true
	}
	if !u.missing.IsZero() {
		u.missing, u.touched = time.Time{}, true
	}
	s.defaults(u, l)
	before := u.files
	u.files = slices.Clip(l.files)
	u.stampDeep()
	changed := force || !slices.Equal(before, u.files) || slices.ContainsFunc(u.files, func(f fileStamp) bool { return f.stamp.fresh(s.now) })
	if changed {
		u.touched = true
		s.unread = append(s.unread, u)
	}
}

// stampDeep adds the configuration file that lies further down.
func (u *unit) stampDeep() {
	if u.source == nil || !strings.Contains(u.source.configFile, "/") {
		return
	}
	if _, there := u.stamp(u.source.configFile); there {
		return
	}
	if at, err := u.root.tree.stat(path.Join(u.dir, u.source.configFile)); err == nil {
		u.files = append(u.files, fileStamp{u.source.configFile, at})
	}
}

// defaults notes when a defaults.json goes: for a moment that may be an editor.
func (s *scan) defaults(u *unit, l listing) {
	_, had := u.stamp("defaults.json")
	switch {
	case l.has("defaults.json"):
		u.lacking = time.Time{}
	case had && u.lacking.IsZero():
		u.lacking, u.touched = s.now, true
		s.due(s.now.Add(grace))
	case !u.lacking.IsZero():
		if s.now.Sub(u.lacking) >= grace {
			u.lacking, u.touched = time.Time{}, true
		} else {
			s.due(u.lacking.Add(grace))
		}
	}
}

func (s *scan) absent(d *directory) {
	u := d.unit
	switch {
	case u == nil:
	case u.missing.IsZero():
		u.missing = s.now
		s.due(s.now.Add(grace))
	case s.now.Sub(u.missing) >= grace:
		d.unit = nil
		s.root.elements--
	default:
		s.due(u.missing.Add(grace))
	}
}

// read reads the unit's e.json.
func (u *unit) read() {
	src, _, err := u.root.tree.read(path.Join(u.dir, "e.json"), maxFile)
	if err != nil {
		u.unreadable = []Problem{fileProblem(u.name, u.file("e.json"), err)}
		return
	}
	m, problems := parseManifest(u.name, u.file("e.json"), src)
	if failed(problems) {
		u.unreadable = problems
		return
	}
	u.unreadable = nil
	if u.source != nil && bytes.Equal(u.source.raw, m.raw) && u.source.typeLine == m.typeLine && u.source.listLine == m.listLine {
		return
	}
	u.source = m
	u.stampDeep()
}

// collect lists the units and problems of a root.
func (r *root) collect() []Problem {
	r.units = r.units[:0]
	var problems []Problem
	var walk func(*directory)
	walk = func(d *directory) {
		if d.unit != nil {
			r.units = append(r.units, d.unit)
		}
		problems = append(problems, d.problems...)
		for _, child := range d.children {
			walk(child)
		}
	}
	walk(r.top)
	slices.SortFunc(r.units, func(a, b *unit) int { return strings.Compare(a.dir, b.dir) })
	if r.limited {
		problems = append(problems, Problem{Code: CodeLimit, File: r.file("."), Message: "there are too many directories or elements; some were not looked at"})
	}
	return problems
}
