package runtime

import (
	"cmp"
	"errors"
	"slices"
	"sync"

	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

// problems are those that only running shows: one an element, the latest.
type problems struct {
	mu sync.Mutex
	of map[string]Problem

	logging sync.Mutex
	logged  map[Problem]bool
}

// blame keeps what is wrong with an element.
func (a *App) blame(p Problem) {
	a.problems.mu.Lock()
	defer a.problems.mu.Unlock()
	if a.problems.of == nil {
		a.problems.of = make(map[string]Problem)
	}
	a.problems.of[p.Element] = p
}

// forgive forgets it: the element has a new good generation, or is gone.
func (a *App) forgive(name string) {
	a.problems.mu.Lock()
	defer a.problems.mu.Unlock()
	delete(a.problems.of, name)
}

// keeps notes that an element goes on with its last good generation, and why,
// where its Type hasn't said that already.
func (a *App) keeps(name string, err error) {
	p := Problem{Element: name, Code: "configure", Message: err.Error()}
	a.problems.mu.Lock()
	if said, ok := a.problems.of[name]; ok && said.Code == p.Code && errors.As(err, new(*plugin.ConfigError)) {
		p = said
	}
	a.problems.mu.Unlock()
	p.Serving = true
	a.blame(p)
}

// refused keeps that a Type has turned a configuration down.
func (a *App) refused(g *generation, why *plugin.ConfigError) {
	p := Problem{Element: g.def.FullName, Code: "configure", Message: "its Type turned the configuration down"}
	if len(why.Diagnostics) > 0 {
		p.Pointer, p.Message = why.Diagnostics[0].GetPointer(), why.Diagnostics[0].GetMessage()
	}
	a.log.Error("a Type turned a configuration down", "element", p.Element, "pointer", p.Pointer, "message", p.Message)
	a.blame(p)
}

// Problems lists all that is wrong now, in name order.
func (a *App) Problems() []Problem {
	list := fromCatalog(a.snapshot.Load().catalog.Problems)
	a.problems.mu.Lock()
	for _, p := range a.problems.of {
		list = append(list, p)
	}
	a.problems.mu.Unlock()
	slices.SortStableFunc(list, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Element, y.Element), cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
	})
	return list
}

// logProblems logs each problem once, as long as it lasts.
func (a *App) logProblems() {
	a.problems.logging.Lock()
	defer a.problems.logging.Unlock()
	now := make(map[Problem]bool)
	for _, p := range a.Problems() {
		now[p] = true
		if a.problems.logged[p] {
			continue
		}
		args := []any{"element", p.Element, "code", p.Code, "file", p.File, "line", p.Line, "pointer", p.Pointer, "message", p.Message}
		switch {
		case p.Warning:
			a.log.Warn("an element deserves a look", args...)
		case p.Serving:
			a.log.Error("a change was not taken, the last good one goes on", args...)
		default:
			a.log.Error("an element is not available", args...)
		}
	}
	a.problems.logged = now
}

func fromCatalog(found []catalog.Problem) []Problem {
	list := make([]Problem, len(found))
	for i, p := range found {
		list[i] = Problem(p)
	}
	return list
}
