package scan

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/problem"
)

const (
	// gracePeriod is how long an e.json may be missing before its element goes.
	gracePeriod = time.Second

	maxDepth       = 32      // directories below each other
	maxEntries     = 200_000 // entries of one directory
	maxDirectories = 400_000 // directories of one root
	maxElements    = 100_000 // elements of one root
)

// directory is one directory of a root as last seen.
type directory struct {
	path string
	// real is what path leads to, without links.
	real     string
	children map[string]*directory
	unit     *Unit
	problems []problem.Problem
	// gone means that it was missing when last looked for. What is left of it waits
	// for the end of the grace period.
	gone bool
}

// walker brings the directories of one root up to date.
type walker struct {
	root *Root
	now  time.Time
	// added is called for each new directory.
	added func(dir string)
	// due is called with the time of the next look that is needed.
	due func(time.Time)
	// unread are the units whose e.json is to be read, each once however often the
	// walk comes by.
	unread map[*Unit]bool
}

// visit looks at a directory and at new ones below. With force it reads again what
// the directory itself holds, whatever the stamps say; with deep it also looks at
// known directories below.
func (w *walker) visit(d *directory, force, deep bool) {
	d.problems = nil
	depth := strings.Count(d.path, "/") + 1
	l, err := w.root.Tree.list(d.path)
	if err != nil {
		if d.path == "." {
			d.problems = append(d.problems, manifest.FileProblem("", w.root.File("."), err))
			return
		}
		// It is gone or unreadable. Its elements are missed like any other.
		if p := manifest.FileProblem("", w.root.File(d.path), err); p.Message != "the file is missing" {
			d.problems = append(d.problems, p)
		}
	}
	w.update(d, l, force)
	w.root.links = w.root.links || l.links
	d.problems = append(d.problems, w.misnamed(d.path, l)...)
	for _, link := range l.leaving {
		d.problems = append(d.problems, problem.Problem{Code: problem.CodeFile, File: w.root.File(path.Join(d.path, link)),
			Message: "the link leads outside the app's directory and is not followed; put there what it leads to"})
	}
	for name, child := range d.children {
		if _, there := slices.BinarySearch(l.dirs, name); !there {
			if w.missAll(child) {
				delete(d.children, name)
			}
		}
	}
	for _, name := range l.dirs {
		below := path.Join(d.path, name)
		place := path.Join(d.real, name)
		if slices.Contains(l.linked, name) {
			target, err := w.root.Tree.real(below)
			if err != nil {
				continue // it has just gone
			}
			if within(d.real, target) {
				continue // an element isn't its own child
			}
			place = target
		}
		if manifest.Skipped(name) || below == w.root.skip || place == w.root.skip {
			continue
		}
		child := d.children[name]
		// Look at the whole of what came back or lies elsewhere now.
		known := child != nil && !child.gone && child.real == place
		if known && !deep {
			continue
		}
		if depth >= maxDepth {
			d.problems = append(d.problems, problem.Problem{Code: problem.CodeLimit, File: w.root.File(below), Message: "directories this deep hold no elements"})
			break
		}
		if child == nil {
			if w.root.directories >= maxDirectories {
				w.root.limited = true
				break
			}
			w.root.directories++
			child = &directory{path: below}
			if d.children == nil {
				d.children = make(map[string]*directory)
			}
			d.children[name] = child
		}
		if !known {
			child.gone, child.real = false, place
			w.added(below)
		}
		w.visit(child, force && !known, deep || !known)
	}
}

// missAll notes that a directory and everything below is gone. It reports whether
// nothing of it has to be kept.
func (w *walker) missAll(d *directory) bool {
	w.update(d, listing{}, false)
	d.problems, d.gone = nil, true
	for name, child := range d.children {
		if w.missAll(child) {
			delete(d.children, name)
		}
	}
	if d.unit == nil && len(d.children) == 0 {
		w.root.directories--
		return true
	}
	return false
}

// update brings a directory's unit up to date.
func (w *walker) update(d *directory, l listing, force bool) {
	if !l.has("e.json") {
		w.miss(d)
		return
	}
	u := d.unit
	if u == nil {
		name, bad := manifest.FullName(d.path)
		file := w.root.File(path.Join(d.path, "e.json"))
		switch {
		case bad != "":
			d.problems = append(d.problems, problem.Problem{Code: problem.CodeName, File: file, Message: "the directory " + bad +
				" can't be part of an element's name: a name is letters, digits, _ and -, and begins with a letter or _"})
			return
		case name == "":
			d.problems = append(d.problems, problem.Problem{Code: problem.CodeName, File: file, Message: "the app's own directory is no element"})
			return
		case w.root.elements >= maxElements:
			w.root.limited = true
			return
		}
		w.root.elements++
		u = &Unit{Root: w.root, Dir: d.path, Name: name, Folded: strings.ToLower(name)}
		d.unit = u
		force = true
	}
	if !u.missing.IsZero() {
		u.missing = time.Time{}
		u.Version++
	}
	w.updateDefaults(u, l)
	before := u.files
	u.files = slices.Clip(l.files)
	u.stampDeep()
	changed := force || !slices.Equal(before, u.files) || slices.ContainsFunc(u.files, func(f fileStamp) bool { return f.stamp.Recent(w.now) })
	if changed {
		u.Version++
		w.unread[u] = true
	}
}

// updateDefaults notes when a defaults.json goes. An editor may be replacing it.
func (w *walker) updateDefaults(u *Unit, l listing) {
	had := u.Has("defaults.json")
	switch {
	case l.has("defaults.json"):
		u.lacking = time.Time{}
	case had && u.lacking.IsZero():
		u.lacking = w.now
		u.Version++
		w.due(w.now.Add(gracePeriod))
	case !u.lacking.IsZero():
		if w.now.Sub(u.lacking) >= gracePeriod {
			u.lacking = time.Time{}
			u.Version++
		} else {
			w.due(u.lacking.Add(gracePeriod))
		}
	}
}

// miss notes that a directory has no e.json.
func (w *walker) miss(d *directory) {
	u := d.unit
	switch {
	case u == nil:
	case u.missing.IsZero():
		u.missing = w.now
		w.due(w.now.Add(gracePeriod))
	case w.now.Sub(u.missing) >= gracePeriod:
		d.unit = nil
		w.root.elements--
	default:
		w.due(u.missing.Add(gracePeriod))
	}
}

// revisitMissing looks again at directories that miss something.
func (w *walker) revisitMissing(d *directory) {
	if d.unit != nil && (d.unit.Missing() || d.unit.Lacking()) {
		l, err := w.root.Tree.list(d.path)
		if err != nil {
			l = listing{}
		}
		w.update(d, l, false)
	}
	for name, child := range d.children {
		w.revisitMissing(child)
		if child.gone && child.unit == nil && len(child.children) == 0 {
			delete(d.children, name)
			w.root.directories--
		}
	}
}

// directory returns the known directory at an absolute path, or the nearest known one
// above it. It returns nil for a path outside the root.
func (r *Root) directory(dir string) *directory {
	below, err := filepath.Rel(r.Dir, dir)
	if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return nil
	}
	d := r.top
	if below == "." {
		return d
	}
	for segment := range strings.SplitSeq(filepath.ToSlash(below), "/") {
		child := d.children[segment]
		if child == nil {
			break
		}
		d = child
	}
	return d
}

// collect lists the units of a root and returns its problems.
func (r *Root) collect() []problem.Problem {
	r.Units = r.Units[:0]
	var problems []problem.Problem
	var walk func(*directory)
	walk = func(d *directory) {
		if d.unit != nil {
			r.Units = append(r.Units, d.unit)
		}
		problems = append(problems, d.problems...)
		for _, child := range d.children {
			walk(child)
		}
	}
	walk(r.top)
	slices.SortFunc(r.Units, func(a, b *Unit) int { return strings.Compare(a.Dir, b.Dir) })
	if r.limited {
		problems = append(problems, problem.Problem{Code: problem.CodeLimit, File: r.File("."), Message: "there are too many directories or elements; some were left out"})
	}
	return problems
}
