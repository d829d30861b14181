package runtime

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
	"github.com/lintel-run/lintel/runtime/problem"
)

// problemLog keeps the problems that show only at run time, the latest ones of each
// element, and logs every problem once while it lasts.
type problemLog struct {
	log   *slog.Logger
	index *index

	mu     sync.Mutex
	latest map[string][]Problem // by element

	logging sync.Mutex
	logged  map[Problem]bool
}

func newProblemLog(log *slog.Logger, x *index) *problemLog {
	return &problemLog{log: log, index: x, latest: make(map[string][]Problem)}
}

// record keeps a problem in place of the element's earlier one.
func (l *problemLog) record(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest[p.Element] = []Problem{p}
}

// clear removes an element's problem: it has a new good generation or is gone.
func (l *problemLog) clear(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.latest, name)
}

// recordRejected keeps that a Type rejected a configuration.
func (l *problemLog) recordRejected(g *generation, why *plugin.ConfigError) {
	l.mu.Lock()
	l.latest[g.def.FullName] = rejections(g.def, why)
	l.mu.Unlock()
	l.logNew()
}

// rejections returns the problems of a configuration that a Type rejected.
func rejections(def *catalog.Element, why *plugin.ConfigError) []Problem {
	var found []Problem
	for _, d := range why.Diagnostics {
		p := Problem{Element: def.FullName, Code: problem.CodeConfigure, Pointer: d.GetPointer(), Message: d.GetMessage()}
		p.File, p.Line = def.Place(p.Pointer)
		found = append(found, p)
	}
	if len(found) == 0 {
		found = []Problem{{Element: def.FullName, Code: problem.CodeConfigure, Message: "its Type rejected the configuration"}}
	}
	return found
}

// recordUnopened keeps that an element could not be opened, which is tried again. It
// reports whether that is new.
func (l *problemLog) recordUnopened(name string, err error) bool {
	p := Problem{Element: name, Code: problem.CodePlugin, Message: err.Error()}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.latest[name]
	if len(known) == 1 && known[0] == p {
		return false
	}
	l.latest[name] = []Problem{p}
	return true
}

// recordKept keeps that an element goes on with its last good generation. What a
// Type said when it rejected the configuration stays the message.
func (l *problemLog) recordKept(name string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := slices.Clone(l.latest[name])
	if len(kept) == 0 || kept[0].Code != problem.CodeConfigure || !errors.As(err, new(*plugin.ConfigError)) {
		kept = []Problem{{Element: name, Code: problem.CodeConfigure, Message: err.Error()}}
	}
	for i := range kept {
		kept[i].Serving = true
	}
	l.latest[name] = kept
}

// list returns all current problems, the catalog's included, in name order.
func (l *problemLog) list() []Problem {
	list := slices.Clone(l.index.catalog().Problems)
	l.mu.Lock()
	for _, p := range l.latest {
		list = append(list, p...)
	}
	l.mu.Unlock()
	problem.Sort(list)
	return list
}

// logNew logs the problems that have come up since it was last called.
func (l *problemLog) logNew() {
	l.logging.Lock()
	defer l.logging.Unlock()
	now := make(map[Problem]bool)
	for _, p := range l.list() {
		now[p] = true
		if l.logged[p] {
			continue
		}
		level, message := slog.LevelError, "element unavailable"
		switch {
		case p.Warning:
			level, message = slog.LevelWarn, "element warning"
		case p.Serving:
			message = "change rejected, last good configuration kept"
		}
		args := []any{"element", p.Element, "code", p.Code, "file", p.File, "pointer", p.Pointer, "message", p.Message}
		if p.Line > 0 {
			args = append(args, "line", p.Line)
		}
		l.log.Log(context.Background(), level, message, args...)
	}
	l.logged = now
}
