package runtime

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/lintel-run/lintel/runtime/internal/plugin"
	"github.com/lintel-run/lintel/runtime/problem"
)

// problemLog keeps the problems that show only at run time, the latest of each
// element, and logs every problem once while it lasts.
type problemLog struct {
	log   *slog.Logger
	index *index

	mu     sync.Mutex
	latest map[string]Problem // by element

	logging sync.Mutex
	logged  map[Problem]bool
}

func newProblemLog(log *slog.Logger, x *index) *problemLog {
	return &problemLog{log: log, index: x, latest: make(map[string]Problem)}
}

// record keeps a problem in place of the element's earlier one.
func (l *problemLog) record(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest[p.Element] = p
}

// clear removes an element's problem: it has a new good generation or is gone.
func (l *problemLog) clear(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.latest, name)
}

// recordRejected keeps that a Type rejected a configuration.
func (l *problemLog) recordRejected(g *generation, why *plugin.ConfigError) {
	p := Problem{Element: g.def.FullName, Code: problem.CodeConfigure, Message: "its Type rejected the configuration"}
	if len(why.Diagnostics) > 0 {
		p.Pointer, p.Message = why.Diagnostics[0].GetPointer(), why.Diagnostics[0].GetMessage()
	}
	l.log.Error("configuration rejected", "element", p.Element, "pointer", p.Pointer, "message", p.Message)
	l.record(p)
}

// recordKept keeps that an element goes on with its last good generation. What a
// Type said when it rejected the configuration stays the message.
func (l *problemLog) recordKept(name string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, known := l.latest[name]
	if !known || p.Code != problem.CodeConfigure || !errors.As(err, new(*plugin.ConfigError)) {
		p = Problem{Element: name, Code: problem.CodeConfigure, Message: err.Error()}
	}
	p.Serving = true
	l.latest[name] = p
}

// list returns all current problems, the catalog's included, in name order.
func (l *problemLog) list() []Problem {
	list := slices.Clone(l.index.catalog().Problems)
	l.mu.Lock()
	for _, p := range l.latest {
		list = append(list, p)
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
