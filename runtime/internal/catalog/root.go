package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"
)

// root is one directory of elements: the app's, a parent's or the library.
type root struct {
	// dir is absolute; empty for the library.
	dir string
	// label begins the names of its files in problems.
	label string
	tree  tree
	app   *appFile // nil for the library
	appAt stamp
	env   map[string]string
	// envGone is when the .env that env was read from was first missed.
	envGone time.Time
	top     *directory
	// skip is a directory within it that holds no elements: the data directory.
	skip string
	// count of directories and elements, against the limits.
	directories int
	elements    int
	limited     bool
	units       []*unit
}

// owner is the appId that the root's elements belong to.
func (r *root) owner() string {
	if r.app == nil {
		return ""
	}
	return r.app.AppID
}

// file names one of the root's files in problems.
func (r *root) file(name string) string { return r.label + name }

func openRoot(dir string) (*root, error) {
	opened, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &root{dir: dir, tree: diskTree{opened}}, nil
}

// displaced says whether something else, or nothing, lies now where the root was
// opened.
func (r *root) displaced(path string) bool {
	there, err := os.Stat(path)
	if err != nil {
		return true
	}
	here, err := r.tree.stat(".")
	return err != nil || stampOf(there).inode != here.inode
}

// ancestry opens an app and its parents: the app first, then its parents in the
// order of "extends", depth first, each once.
type ancestry struct {
	roots    []*root
	known    map[string]*root // open ones of before, by directory
	opened   []tree           // what was opened now
	problems []Problem
}

func (a *ancestry) open(dir string, above []*root, want *extension, from *root) {
	fail := func(format string, args ...any) {
		p := Problem{Code: CodeApp, File: "app.json", Message: fmt.Sprintf(format, args...)}
		if want != nil {
			p.File, p.Line, p.Pointer = from.file("app.json"), want.line, want.pointer
		}
		a.problems = append(a.problems, p)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		fail("the app's directory can't be read")
		return
	}
	for _, r := range above {
		if r.dir == resolved {
			fail("a cycle: %s (%s) extends itself by way of %s (%s)", r.app.AppID, r.file("app.json"),
				above[len(above)-1].app.AppID, above[len(above)-1].file("app.json"))
			return
		}
	}
	if len(above) > maxParents {
		fail("more than %d apps extend each other", maxParents)
		return
	}
	if at := slices.IndexFunc(a.roots, func(r *root) bool { return r.dir == resolved }); at >= 0 {
		a.check(a.roots[at], want, fail)
		return
	}
	r := a.known[resolved]
	if r == nil || r.displaced(resolved) {
		if r, err = openRoot(resolved); err != nil {
			fail("the app's directory can't be read")
			return
		}
		a.opened = append(a.opened, r.tree)
	}
	src, at, err := r.tree.read("app.json", maxFile)
	if err != nil {
		if want != nil {
			fail("the app %s has no readable app.json there", want.appID)
		} else {
			a.problems = append(a.problems, fileProblem("", "app.json", err))
		}
		return
	}
	label := ""
	if want != nil {
		label = want.appID + ":"
	}
	app := r.app
	if app == nil || app.src != string(src) || r.label != label {
		var problems []Problem
		if app, problems = parseApp(label+"app.json", src); failed(problems) {
			a.problems = append(a.problems, problems...)
			return
		}
		app.src = string(src)
	}
	next := *r
	next.app, next.appAt, next.label = app, at, label
	if !a.check(&next, want, fail) {
		return
	}
	if slices.ContainsFunc(a.roots, func(o *root) bool { return o.app.AppID == app.AppID }) {
		fail("two apps have the appId %s", app.AppID)
		return
	}
	a.roots = append(a.roots, &next)
	for i := range app.extends {
		e := &app.extends[i]
		a.open(filepath.Join(resolved, filepath.FromSlash(e.path)), append(slices.Clone(above), &next), e, &next)
	}
}

// check holds a parent to what "extends" says of it.
func (a *ancestry) check(r *root, want *extension, fail func(string, ...any)) bool {
	if want == nil {
		return true
	}
	if r.app.AppID != want.appID {
		fail("the app at this path is %s, not %s", r.app.AppID, want.appID)
		return false
	}
	if want.rng == nil {
		return true
	}
	version, err := semver.NewVersion(r.app.Version)
	if err != nil {
		fail("the version of %s is no semantic version", want.appID)
		return false
	}
	if !want.rng.Check(version) {
		fail("%s has version %s, which is not within %s", want.appID, r.app.Version, want.rng)
		return false
	}
	return true
}
