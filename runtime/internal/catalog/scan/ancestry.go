package scan

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/problem"
)

// maxParents bounds how many apps extend each other in a row.
const maxParents = 32

// ancestry opens an app and its parents: the app first, then its parents in the order
// of "extends", depth first, each once.
type ancestry struct {
	roots    []*Root
	known    map[string]*Root // roots that are open already, by directory
	opened   []Tree           // trees opened by this ancestry
	problems []problem.Problem
}

func (a *ancestry) open(dir string, above []*Root, want *manifest.Extension, from *Root) {
	fail := func(format string, args ...any) {
		p := problem.Problem{Code: problem.CodeApp, File: "app.json", Message: fmt.Sprintf(format, args...)}
		if want != nil {
			p.File, p.Line, p.Pointer = from.File("app.json"), want.Line, want.Pointer
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
		if r.Dir == resolved {
			fail("a cycle: %s (%s) extends itself by way of %s (%s)", r.App.AppID, r.File("app.json"),
				above[len(above)-1].App.AppID, above[len(above)-1].File("app.json"))
			return
		}
	}
	if len(above) > maxParents {
		fail("more than %d apps extend each other", maxParents)
		return
	}
	if at := slices.IndexFunc(a.roots, func(r *Root) bool { return r.Dir == resolved }); at >= 0 {
		a.check(a.roots[at], want, fail)
		return
	}
	r := a.known[resolved]
	if r == nil || r.displaced(resolved) {
		if r, err = openRoot(resolved); err != nil {
			fail("the app's directory can't be read")
			return
		}
		a.opened = append(a.opened, r.Tree)
	}
	src, at, err := readText(r.Tree, "app.json")
	if err != nil {
		if want != nil {
			fail("the app %s has no readable app.json there", want.AppID)
		} else {
			a.problems = append(a.problems, noApp(r.Tree, err))
		}
		return
	}
	label := ""
	if want != nil {
		label = want.AppID + ":"
	}
	app := r.App
	if app == nil || app.Text != string(src) || r.label != label {
		var problems []problem.Problem
		if app, problems = manifest.ParseApp(label+"app.json", src); problem.Failed(problems) {
			a.problems = append(a.problems, problems...)
			return
		}
	}
	next := *r
	next.App, next.appStamp, next.label = app, at, label
	if !a.check(&next, want, fail) {
		return
	}
	if slices.ContainsFunc(a.roots, func(o *Root) bool { return o.App.AppID == app.AppID }) {
		fail("two apps have the appId %s", app.AppID)
		return
	}
	a.roots = append(a.roots, &next)
	for i := range app.Extends {
		e := &app.Extends[i]
		a.open(filepath.Join(resolved, filepath.FromSlash(e.Path)), append(slices.Clone(above), &next), e, &next)
	}
}

// check compares a parent with the entry of "extends" that names it.
func (a *ancestry) check(r *Root, want *manifest.Extension, fail func(string, ...any)) bool {
	if want == nil {
		return true
	}
	if r.App.AppID != want.AppID {
		fail("the app at this path is %s, not %s", r.App.AppID, want.AppID)
		return false
	}
	if want.Version == nil {
		return true
	}
	version, err := semver.NewVersion(r.App.Version)
	if err != nil {
		fail("the version of %s is no semantic version", want.AppID)
		return false
	}
	if !want.Version.Check(version) {
		fail("%s has version %s, which is not within %s", want.AppID, r.App.Version, want.Version)
		return false
	}
	return true
}
