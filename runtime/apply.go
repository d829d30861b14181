package runtime

import (
	"context"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

// configureTimeout bounds how long one element's new configuration may take its
// Type; the old one serves meanwhile.
const configureTimeout = 10 * time.Second

// apply makes a catalog's snapshot the running one: changed executables first,
// then changed instances, each swapped when it is ready, then the names. Whatever
// fails keeps its last good generation. One goroutine at a time calls it.
func (a *App) apply(ctx context.Context, next *catalog.Snapshot) {
	a.applying.Lock()
	defer a.applying.Unlock()

	var eager []*catalog.Element
	for _, def := range next.Elements() {
		if def.Rank != catalog.Type || def.CodeType != def.FullName {
			continue
		}
		if fresh := a.applyType(ctx, def); fresh && def.Eager {
			eager = append(eager, def)
		}
	}
	elements := make(map[string]*Element, next.Len())
	for _, def := range next.Elements() {
		el := a.handles[def.FullName]
		if el == nil {
			el = &Element{app: a, name: def.FullName}
			a.handles[def.FullName] = el
		}
		a.applyElement(ctx, el, def)
		elements[def.FullName] = el
	}
	for name, el := range a.handles {
		if elements[name] == nil && el.def.Load() != nil {
			el.def.Store(nil)
			el.broken.Store(nil)
			el.replace(nil)
			a.forgive(name)
		}
	}
	a.snapshot.Store(&snapshot{elements: elements, catalog: next, reloaded: time.Now()})
	for _, def := range eager {
		a.startSoon(a.types[def.FullName], def.FullName)
	}
}

// applyType gives a running process its changed executable, and says whether the
// Type is new.
func (a *App) applyType(ctx context.Context, def *catalog.Element) (fresh bool) {
	old, known := a.types[def.FullName]
	if def.Broken || (known && old.stamp == def.Entry.Stamp && old.kind == def.Entry.Kind) {
		return false
	}
	typ := &typeCode{kind: def.Entry.Kind, stamp: def.Entry.Stamp}
	switch {
	case def.Entry.Kind == catalog.Builtin:
		typ.code = a.builtin(def)
	case known && old.process != nil:
		ctx, cancel := context.WithTimeout(ctx, configureTimeout)
		defer cancel()
		if err := old.process.Replace(ctx, a.spec(def)); err != nil {
			a.log.Error("a changed plugin was not taken, the old one goes on", "type", def.FullName, "error", err)
			a.blame(Problem{Element: def.FullName, Code: "plugin", Message: err.Error(), Serving: true})
			old.stamp = def.Entry.Stamp // not tried again until it changes again
			return false
		}
		a.log.Info("a changed plugin is in use", "type", def.FullName)
		typ.process, typ.code = old.process, old.code
	default:
		typ.process = a.host.Process(a.spec(def))
		typ.code = &processCode{process: typ.process, app: a}
	}
	a.forgive(def.FullName)
	a.types[def.FullName] = typ
	return !known
}

// applyElement gives an element its new definition, and an instance its new
// generation where its configuration has changed.
func (a *App) applyElement(ctx context.Context, el *Element, def *catalog.Element) {
	if el.tried == def.Revision {
		return
	}
	el.tried = def.Revision
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
	typ := a.types[def.CodeType]
	if typ == nil {
		el.broken.Store(errcode.Unavailable(errcode.OutcomeNotExecuted, "%s: its Type is not available", el.name))
		el.def.Store(def)
		el.replace(nil)
		return
	}
	if current != nil && current.def.ConfigDigest == def.ConfigDigest && current.code == typ.code {
		a.forgive(el.name)
		el.def.Store(def)
		return
	}
	a.generations++
	g := newGeneration(def, a.generations, typ.code)
	if current != nil && current.isOpen() {
		ctx, cancel := context.WithTimeout(ctx, configureTimeout)
		err := g.ready(ctx)
		cancel()
		if err != nil {
			a.log.Error("a changed configuration was not taken, the last good one goes on", "element", el.name, "error", err)
			a.blame(Problem{Element: el.name, Code: "configure", Message: err.Error(), Serving: true})
			return
		}
		a.log.Info("a changed configuration is in use", "element", el.name)
	}
	a.forgive(el.name)
	el.broken.Store(nil)
	el.def.Store(def)
	el.replace(g)
}

// typeCode is what serves the instances of one Type.
type typeCode struct {
	kind    string
	stamp   string
	code    code
	process *plugin.Process // nil for a builtin
}

func (a *App) builtin(def *catalog.Element) code {
	typ := element.BuiltinOf(def.CodeType)
	return &builtinCode{
		typ: typ,
		env: func(g *generation) element.Env { return a.env(g.def) },
		log: a.log,
	}
}

func (a *App) spec(def *catalog.Element) plugin.Spec {
	return plugin.Spec{
		Type:        def.FullName,
		Meta:        def.Meta,
		Path:        def.Entry.Path,
		Args:        def.Entry.Args,
		Interpreter: def.Entry.Interpreter,
		Dir:         def.Entry.Dir,
		SHA256:      a.pinned(def.FullName),
		Description: def.Description,
	}
}

// startSoon starts a Type with the app, without waiting for it: its process, and
// its instances, so that what they have to say is said at start.
func (a *App) startSoon(typ *typeCode, name string) {
	a.background.Go(func() {
		ctx, cancel := context.WithTimeout(a.life, callTimeout)
		defer cancel()
		if typ.process != nil {
			if err := typ.process.Start(ctx); err != nil {
				a.log.Error("a plugin could not be started", "type", name, "error", err)
				return
			}
		}
		for _, el := range a.snapshot.Load().elements {
			if def := el.def.Load(); def == nil || def.Rank != catalog.Instance || def.CodeType != name {
				continue
			}
			g, err := el.acquire()
			if err != nil {
				continue
			}
			if err := g.ready(ctx); err != nil {
				a.log.Error("an element could not be started", "element", el.name, "error", err)
			}
			g.leave()
		}
	})
}
