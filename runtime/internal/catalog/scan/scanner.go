// Package scan reads the directories of an app, its parents and the official library:
// which of them hold elements, and what app.json, .env and each e.json contain. It
// knows neither ranks nor what elements have to do with each other.
package scan

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/problem"
)

// Scanner keeps what was last seen of an app's roots. Its methods must not be called
// at the same time.
type Scanner struct {
	// Roots are the app's, those of its parents and the library, in the order in which
	// names are looked up.
	Roots []*Root
	// Problems are those of app.json, .env and directories.
	Problems []problem.Problem
	// Epoch changes with the values of variables.
	Epoch uint64
	// Due is when something has to be looked at again even if nothing changes; zero if
	// nothing has.
	Due time.Time

	dir     string
	dataDir string
	library fs.FS
	scanned bool
	added   []string
}

// New opens the roots of the app in dir. The library may be nil. The data directory
// holds no elements. The error is a problem.List.
func New(dir, dataDir string, library fs.FS) (*Scanner, error) {
	s := &Scanner{dir: dir, dataDir: dataDir, library: library, Epoch: 1}
	roots, problems := s.openRoots()
	if problem.Failed(problems) {
		return nil, problem.List(problems)
	}
	s.Roots = roots
	return s, nil
}

// Scan brings the roots up to date. If changed isn't nil it looks only at those
// absolute directories, and at what lies below if their value is true.
func (s *Scanner) Scan(now time.Time, changed map[string]bool) {
	s.Due, s.Problems = time.Time{}, nil
	if s.scanned && s.appChanged(now) {
		s.reopen()
	}
	s.readEnvs(now)
	for _, r := range s.Roots {
		s.scanRoot(r, now, changed)
	}
	for _, r := range s.Roots {
		s.Problems = append(s.Problems, r.collect()...)
	}
	s.scanned = true
}

// TakeAdded returns the directories that are new since it was last called.
func (s *Scanner) TakeAdded() []string {
	added := s.added
	s.added = nil
	return added
}

// Links reports whether there are links, whose targets may change without an event.
func (s *Scanner) Links() bool {
	return slices.ContainsFunc(s.Roots, func(r *Root) bool { return r.links })
}

// Dirs returns the absolute directories of the roots.
func (s *Scanner) Dirs() []string {
	var dirs []string
	for _, r := range s.Roots {
		if r.Dir != "" {
			dirs = append(dirs, r.Dir)
		}
	}
	return dirs
}

// Placement changes when another directory takes the place of a root's.
func (s *Scanner) Placement() string {
	var b strings.Builder
	for i, r := range s.Roots {
		if r.Dir == "" {
			continue
		}
		if info, err := os.Stat(s.path(i)); err == nil {
			fmt.Fprint(&b, stampOf(info).inode)
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// Close closes the roots.
func (s *Scanner) Close() error {
	var first error
	for _, r := range s.Roots {
		if err := r.Tree.close(); err != nil && first == nil {
			first = err
		}
	}
	s.Roots = nil
	return first
}

// openRoots opens the app, its parents and the library. Roots that are open stay as
// they are.
func (s *Scanner) openRoots() ([]*Root, []problem.Problem) {
	a := ancestry{known: make(map[string]*Root)}
	for _, r := range s.Roots {
		a.known[r.Dir] = r
	}
	a.open(s.dir, nil, nil, nil)
	if problem.Failed(a.problems) {
		for _, opened := range a.opened {
			_ = opened.close()
		}
		return nil, a.problems
	}
	for i, r := range a.roots {
		if known := a.known[r.Dir]; known != nil && known.Tree == r.Tree {
			known.App, known.appStamp, known.label = r.App, r.appStamp, r.label
			a.roots[i] = known
		}
	}
	if s.library != nil {
		library := a.known[""]
		if library == nil {
			library = &Root{label: "library:", Tree: libraryTree{s.library}}
		}
		a.roots = append(a.roots, library)
	}
	for _, r := range s.Roots {
		if !slices.Contains(a.roots, r) {
			_ = r.Tree.close()
		}
	}
	a.roots[0].skip = s.dataDirIn(a.roots[0].Dir)
	return a.roots, nil
}

// dataDirIn returns the data directory's path below a root, empty if it lies elsewhere.
func (s *Scanner) dataDirIn(root string) string {
	if s.dataDir == "" {
		return ""
	}
	data, err := filepath.Abs(s.dataDir)
	if err != nil {
		return ""
	}
	if resolved, err := filepath.EvalSymlinks(data); err == nil {
		data = resolved
	}
	below, err := filepath.Rel(root, data)
	if err != nil || below == "." || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(below)
}

// appChanged reports whether an app.json may have changed since it was read, whether
// reading it failed the last time, or whether a root's directory was replaced.
func (s *Scanner) appChanged(now time.Time) bool {
	for i, r := range s.Roots {
		if r.App == nil {
			continue
		}
		if r.displaced(s.path(i)) {
			return true
		}
		if at, err := r.Tree.Stat("app.json"); err != nil || at != r.appStamp || at.Recent(now) {
			return true
		}
	}
	return false
}

// path returns where the i-th root is looked for. The app's own may be a link that
// changes.
func (s *Scanner) path(i int) string {
	if i == 0 {
		return s.dir
	}
	return s.Roots[i].Dir
}

// reopen reads the app.json files again. Bad ones leave the last good values.
func (s *Scanner) reopen() {
	before, known := s.Roots[0].App, apps(s.Roots)
	roots, problems := s.openRoots()
	if !problem.Failed(problems) && roots[0].App.AppID != before.AppID {
		id := roots[0].App.AppID
		roots[0].App, roots[0].appStamp = before, Stamp{} // so that it is reported again
		problems = append(problems, problem.Problem{Code: problem.CodeApp, File: "app.json", Pointer: "/appId",
			Message: "appId can't change to " + id + " while the app runs"})
	}
	if problem.Failed(problems) {
		for i := range problems {
			problems[i].Serving = true
		}
		s.Problems = append(s.Problems, problems...)
		if roots == nil {
			return
		}
	}
	s.Roots = roots
	if !slices.Equal(known, apps(roots)) {
		s.Epoch++
	}
}

func apps(roots []*Root) []*manifest.App {
	all := make([]*manifest.App, len(roots))
	for i, r := range roots {
		all[i] = r.App
	}
	return all
}

func (s *Scanner) readEnvs(now time.Time) {
	for _, r := range s.Roots {
		if r.App == nil {
			continue
		}
		s.Problems = append(s.Problems, r.App.Warnings...)
		changed, again, wrong := r.readEnv(now)
		if changed {
			s.Epoch++
		}
		if !again.IsZero() {
			s.again(again)
		}
		if wrong != nil {
			wrong.Serving = s.scanned
			s.Problems = append(s.Problems, *wrong)
		}
	}
}

// again asks for another look at a time.
func (s *Scanner) again(at time.Time) {
	if s.Due.IsZero() || at.Before(s.Due) {
		s.Due = at
	}
}

func (s *Scanner) scanRoot(r *Root, now time.Time, changed map[string]bool) {
	w := &walker{root: r, now: now, due: s.again, unread: make(map[*Unit]bool), added: func(dir string) {
		if r.Dir != "" {
			s.added = append(s.added, filepath.Join(r.Dir, filepath.FromSlash(dir)))
		}
	}}
	r.limited = false
	if changed == nil {
		r.links = false
	}
	switch {
	case r.top == nil:
		r.top = &directory{path: ".", real: "."}
		w.added(".")
		w.visit(r.top, true, true)
	case r.Dir == "":
	case changed == nil:
		w.visit(r.top, false, true)
	default:
		for dir, deep := range changed {
			if d := r.directory(dir); d != nil {
				w.visit(d, true, deep)
			}
		}
		w.revisitMissing(r.top)
	}
	var reads errgroup.Group
	reads.SetLimit(runtime.GOMAXPROCS(0))
	for u := range w.unread {
		reads.Go(func() error { u.readManifest(); return nil })
	}
	_ = reads.Wait() // none fails
}
