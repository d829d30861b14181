package runtime

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

// configureTimeout bounds how long one element's new configuration may take its
// Type; the old one serves meanwhile.
const configureTimeout = 10 * time.Second

// apply makes a catalog's snapshot the running one. Changed executables and
// changed instances are swapped each when it is ready, and whatever fails keeps its
// last good generation; for what is ready soon apply waits, so that it goes live
// together. One goroutine at a time calls it.
func (a *App) apply(ctx context.Context, next *catalog.Snapshot) {
	soon := time.NewTimer(patience)
	defer soon.Stop()
	for _, change := range a.begin(next) {
		select {
		case <-change:
		case <-soon.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// begin is apply, but that it gives the changes that are still on their way.
func (a *App) begin(next *catalog.Snapshot) []<-chan struct{} {
	a.applying.Lock()
	defer a.applying.Unlock()

	a.changes = nil
	seen := make(map[typeKey]bool)
	var eager []*catalog.Element
	for _, def := range everyone(next) {
		if !hasCode(def) {
			continue
		}
		seen[typeKeyOf(def)] = true
		if fresh := a.applyType(next, def); fresh && def.Eager {
			eager = append(eager, def)
		}
	}
	s := &snapshot{elements: make(map[string]*Element, next.Len()), others: make(map[handleKey]*Element), catalog: next}
	for _, def := range next.Elements() {
		s.elements[def.FullName] = a.applyHandle(next, def, handleKey{name: def.FullName})
	}
	for _, def := range next.Others() {
		key := handleKey{def.App, def.FullName, true}
		s.others[key] = a.applyHandle(next, def, key)
	}
	for key, el := range a.handles {
		if s.handle(key) == nil && el.def.Load() != nil {
			el.pending = nil
			el.def.Store(nil)
			el.broken.Store(nil)
			el.replace(nil)
			a.forgive(key.name)
		}
	}
	s.reloaded = time.Now()
	a.snapshot.Store(s)
	a.seen = seen
	a.retireTypes()
	for _, def := range eager {
		a.startSoon(typeKeyOf(def), a.types[typeKeyOf(def)])
	}
	return a.changes
}

// everyone lists the elements that the app sees and those that only its parents'
// own elements see.
func everyone(s *catalog.Snapshot) []*catalog.Element {
	return append(s.Elements(), s.Others()...)
}

// hasCode says whether it is a Type with code of its own.
func hasCode(def *catalog.Element) bool {
	return def.Rank == catalog.Type && def.CodeType == def.FullName
}

// handleKey names a handle: those of the app by name, so that one stays valid
// whichever app's element the name stands for, and hidden ones by app and name.
type handleKey struct {
	app, name string
	hidden    bool
}

// typeKey names the code of a Type: apps may have Types of one name.
type typeKey struct{ app, name string }

func typeKeyOf(def *catalog.Element) typeKey { return typeKey{def.CodeApp, def.CodeType} }

func (a *App) applyHandle(next *catalog.Snapshot, def *catalog.Element, key handleKey) *Element {
	el := a.handles[key]
	if el == nil {
		el = &Element{app: a, name: def.FullName}
		a.handles[key] = el
	}
	a.applyElement(next, el, def)
	return el
}

// retireTypes stops the processes of Types that are gone and serve nothing any
// more. Calls in flight finish.
func (a *App) retireTypes() {
	used := make(map[code]bool, len(a.types))
	for _, el := range a.handles {
		if g := el.current.Load(); g != nil {
			used[g.code] = true
		}
		if el.pending != nil {
			used[el.pending.code] = true
		}
	}
	for key, typ := range a.types {
		if a.seen[key] || used[typ.code] {
			continue
		}
		delete(a.types, key)
		if typ.process == nil {
			continue
		}
		a.background.Go(func() {
			ctx, cancel := context.WithTimeout(a.life, callTimeout)
			defer cancel()
			if typ.exchanged != nil {
				<-typ.exchanged
			}
			if err := a.host.Remove(ctx, typ.process); err != nil {
				a.log.Warn("a plugin that is no longer needed was not stopped well", "type", key.name, "error", err)
			}
		})
	}
}

// applyType gives a running process its changed executable, and says whether the
// Type is new.
func (a *App) applyType(next *catalog.Snapshot, def *catalog.Element) (fresh bool) {
	key := typeKeyOf(def)
	old, known := a.types[key]
	if def.Broken || (known && old.entry.Equal(def.Entry)) {
		return false
	}
	typ := &typeCode{entry: def.Entry}
	switch {
	case def.Entry.Kind == catalog.Builtin:
		typ.code = a.builtin(def)
	case known && old.process != nil:
		typ.process, typ.code = old.process, old.code
		typ.exchanged = a.exchange(key.name, old, a.spec(next, def))
		a.types[key] = typ
		return false
	default:
		typ.process = a.host.Process(a.spec(next, def))
		typ.code = &processCode{process: typ.process, app: a}
	}
	a.forgive(key.name)
	a.types[key] = typ
	return !known
}

// applyElement gives an element its new definition, and an instance its new
// generation where its configuration has changed.
func (a *App) applyElement(next *catalog.Snapshot, el *Element, def *catalog.Element) {
	title := next.App.Title
	if el.tried == def.Revision && el.triedTitle == title {
		return
	}
	el.tried, el.triedTitle, el.pending = def.Revision, title, nil
	if def.Rank != catalog.Instance && !def.Broken {
		el.broken.Store(nil)
		el.def.Store(def)
		el.replace(nil)
		return
	}
	current := el.current.Load()
	if def.Broken {
		el.broken.Store(errcode.Unavailable(errcode.OutcomeNotExecuted, "%s has no good configuration", el.name))
		el.def.Store(def)
		el.replace(nil)
		return
	}
	typ := a.types[typeKeyOf(def)]
	if typ == nil && def.Entry.Kind != "" {
		// Its Type is gone, and it serves its last good generation.
		a.applyType(next, def)
		typ = a.types[typeKeyOf(def)]
	}
	if typ == nil {
		el.broken.Store(errcode.Unavailable(errcode.OutcomeNotExecuted, "%s: its Type is not available", el.name))
		el.def.Store(def)
		el.replace(nil)
		return
	}
	if current != nil && current.def.ConfigDigest == def.ConfigDigest && current.title == title && current.code == typ.code {
		a.forgive(el.name)
		el.def.Store(def)
		return
	}
	a.generations++
	g := newGeneration(def, title, a.generations, typ.code)
	g.after = typ.exchanged
	if current != nil && current.isOpen() {
		a.introduce(el, g)
		return
	}
	a.forgive(el.name)
	el.broken.Store(nil)
	el.def.Store(def)
	el.replace(g)
}

// typeCode is what serves the instances of one Type.
type typeCode struct {
	entry   catalog.Entry
	code    code
	process *plugin.Process // nil for a builtin
	// exchanged is closed when the process has, or hasn't, taken its newest
	// executable; nil where it never got another.
	exchanged <-chan struct{}
}

func (a *App) builtin(def *catalog.Element) code {
	typ := element.BuiltinOf(def.CodeType)
	return &builtinCode{
		typ: typ,
		env: func(g *generation) element.Env { return a.env(g) },
		log: a.log,
	}
}

func (a *App) spec(next *catalog.Snapshot, def *catalog.Element) plugin.Spec {
	return plugin.Spec{
		Type:        def.CodeType,
		Owner:       def.CodeApp,
		Meta:        def.Meta,
		Path:        def.Entry.Path,
		Args:        def.Entry.Args,
		Interpreter: def.Entry.Interpreter,
		Dir:         def.Entry.Dir,
		SHA256:      a.pinned(lockKey(next, def)),
		Description: def.Description,
	}
}

// startSoon starts a Type with the app, without waiting for it: its process, and
// its instances, so that what they have to say is said at start.
func (a *App) startSoon(key typeKey, typ *typeCode) {
	a.background.Go(func() {
		ctx, cancel := context.WithTimeout(a.life, callTimeout)
		defer cancel()
		if typ.process != nil {
			if err := typ.process.Start(ctx); err != nil {
				if a.life.Err() == nil {
					a.log.Error("a plugin could not be started", "type", key.name, "error", err)
				}
				return
			}
		}
		for el := range a.snapshot.Load().handles {
			if def := el.def.Load(); def != nil && def.Rank == catalog.Instance && typeKeyOf(def) == key {
				a.openEarly(ctx, el)
			}
		}
	})
}

// openWarned opens the instances of which their schema warns, without waiting for
// them: what their Types have to say in particular is said at start too.
func (a *App) openWarned(first *catalog.Snapshot) {
	for _, def := range first.Elements() {
		warned := slices.ContainsFunc(def.Problems, func(p catalog.Problem) bool { return p.Warning && p.Code == catalog.CodeConfig })
		if def.Rank != catalog.Instance || !warned {
			continue
		}
		el := a.snapshot.Load().elements[def.FullName]
		a.background.Go(func() {
			ctx, cancel := context.WithTimeout(a.life, callTimeout)
			defer cancel()
			a.openEarly(ctx, el)
		})
	}
}

// openEarly opens an instance before its first call.
func (a *App) openEarly(ctx context.Context, el *Element) {
	g, err := el.acquire()
	if err != nil {
		return
	}
	defer g.leave()
	if err := g.ready(ctx); err != nil && a.life.Err() == nil {
		a.log.Error("an element could not be started", "element", el.name, "error", err)
	}
}
