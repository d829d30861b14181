package catalog

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// settings reads app.json and .env files that changed. Bad ones leave the last
// good values.
func (l *Loader) settings(now time.Time) {
	l.problems = nil
	if l.shown != nil && l.appChanged(now) {
		l.readApp()
	}
	for _, r := range l.roots {
		if r.app == nil {
			continue
		}
		l.problems = append(l.problems, r.app.warnings...)
		changed, again, problem := r.readEnv(now)
		if changed {
			l.epoch++
		}
		if !again.IsZero() {
			l.again(again)
		}
		if problem != nil {
			problem.Serving = l.shown != nil
			l.problems = append(l.problems, *problem)
		}
	}
}

// appChanged says whether any app.json may have changed since it was read, or
// the last try to read it failed, or another directory took a root's place.
func (l *Loader) appChanged(now time.Time) bool {
	for i, r := range l.roots {
		if r.app == nil {
			continue
		}
		if r.displaced(l.path(i)) {
			return true
		}
		if at, err := r.tree.stat("app.json"); err != nil || at != r.appAt || at.fresh(now) {
			return true
		}
	}
	return false
}

// path is where the i-th root is looked for; the app's may be a link that changes.
func (l *Loader) path(i int) string {
	if i == 0 {
		return l.dir
	}
	return l.roots[i].dir
}

// places tells one arrangement of the roots' directories from another.
func (l *Loader) places() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for i, r := range l.roots {
		if r.dir == "" {
			continue
		}
		if info, err := os.Stat(l.path(i)); err == nil {
			fmt.Fprint(&b, stampOf(info).inode)
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func (l *Loader) readApp() {
	before, known := l.roots[0].app, apps(l.roots)
	roots, problems := l.openRoots()
	if !failed(problems) && roots[0].app.AppID != before.AppID {
		id := roots[0].app.AppID
		roots[0].app, roots[0].appAt = before, stamp{} // and be told again
		problems = append(problems, Problem{Code: CodeApp, File: "app.json", Pointer: "/appId",
			Message: "appId can't change to " + id + " while the app runs"})
	}
	if failed(problems) {
		for i := range problems {
			problems[i].Serving = true
		}
		l.problems = append(l.problems, problems...)
		if roots == nil {
			return
		}
	}
	l.roots = roots
	if !slices.Equal(known, apps(roots)) {
		l.epoch++
	}
}

func apps(roots []*root) []*appFile {
	all := make([]*appFile, len(roots))
	for i, r := range roots {
		all[i] = r.app
	}
	return all
}
