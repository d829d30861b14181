package runtime

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
	"github.com/lintel-run/lintel/runtime/problem"
)

const (
	// configureTimeout bounds how long a Type may take to accept one new
	// configuration. The old one serves meanwhile.
	configureTimeout = 10 * time.Second
	// applyWait bounds how long apply waits for changes. Slower ones finish by
	// themselves and delay no others.
	applyWait = 250 * time.Millisecond
)

// reconciler makes the running elements follow the catalog. It starts, replaces and
// stops the code of Types, and swaps the generations of instances; whatever fails
// keeps its last good generation. It owns the handles, the types and the changes
// under way. It knows neither files nor the protocol of plugins.
type reconciler struct {
	log      *slog.Logger
	host     *plugin.Host
	index    *index
	calls    *callRecorder
	problems *problemLog
	env      func(*generation) element.Env
	lock     *lockFile // nil: executables aren't pinned

	background sync.WaitGroup

	mu          sync.Mutex // guards what follows
	handles     map[handleKey]*handle
	types       map[typeKey]*typeCode
	present     map[typeKey]bool  // the Types of the newest snapshot
	changes     []<-chan struct{} // begun by the reconciliation under way
	generations uint64
}

func newReconciler(log *slog.Logger, x *index, calls *callRecorder, problems *problemLog, env func(*generation) element.Env) *reconciler {
	return &reconciler{
		log:      log,
		index:    x,
		calls:    calls,
		problems: problems,
		env:      env,
		handles:  make(map[handleKey]*handle),
		types:    make(map[typeKey]*typeCode),
	}
}

// handle is what the reconciler keeps of one Element.
type handle struct {
	el *Element
	// revision and title are the definition and the app's title last reconciled.
	revision uint64
	title    string
	// pending is the generation that is to replace the current one.
	pending *generation
}

// handleKey identifies a handle. Elements of the app go by name, so that a handle
// stays valid whichever app the name resolves to; hidden ones go by app and name.
type handleKey struct {
	app, name string
	hidden    bool
}

// typeKey identifies the code of a Type: two apps may have Types of one name.
type typeKey struct{ app, name string }

func typeKeyOf(def *catalog.Element) typeKey { return typeKey{def.CodeApp, def.CodeType} }

// typeCode is what serves the instances of one Type.
type typeCode struct {
	entry   catalog.Entry
	code    code
	process *plugin.Process // nil for a built-in Type
	// replaced is closed when the process has taken or rejected its newest
	// executable; nil if it never got another.
	replaced <-chan struct{}
}

// follow applies changes of the app's files until the app closes.
func (r *reconciler) follow(loader *catalog.Loader) {
	r.background.Go(func() {
		err := loader.Watch(r.index.life, func(next *catalog.Snapshot) {
			r.apply(r.index.life, next)
			r.openHosted()
			r.problems.logNew()
		})
		if err != nil && r.index.life.Err() == nil {
			r.log.Error("watching the app failed, changes are no longer noticed", "error", err)
		}
	})
}

// apply makes a snapshot the running one. It waits for changes that are ready soon,
// so that they take effect together. Calls must not overlap.
func (r *reconciler) apply(ctx context.Context, next *catalog.Snapshot) {
	ctx, cancel := context.WithTimeout(ctx, applyWait)
	defer cancel()
	for _, change := range r.reconcile(next) {
		select {
		case <-change:
		case <-ctx.Done():
			return
		}
	}
}

// reconcile begins the changes that lead to a snapshot, publishes the snapshot, and
// returns a channel for each change still under way.
func (r *reconciler) reconcile(next *catalog.Snapshot) []<-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.changes, r.present = nil, make(map[typeKey]bool)
	var eager []typeKey
	for _, def := range allElements(next) {
		if !hasCode(def) {
			continue
		}
		key := typeKeyOf(def)
		r.present[key] = true
		if added := r.reconcileType(next, def); added && def.Eager {
			eager = append(eager, key)
		}
	}
	s := &snapshot{elements: make(map[string]*Element, next.Len()), hidden: make(map[handleKey]*Element), catalog: next}
	for _, def := range next.Elements() {
		s.elements[def.FullName] = r.reconcileElement(next, def, handleKey{name: def.FullName})
	}
	for _, def := range next.Others() {
		key := handleKey{def.App, def.FullName, true}
		s.hidden[key] = r.reconcileElement(next, def, key)
	}
	for key, h := range r.handles {
		if s.lookup(key) == nil && h.el.state.Load().def != nil {
			h.pending = nil
			h.el.publish(nil, nil, nil)
			r.problems.clear(key.name)
		}
	}
	s.reloaded = time.Now()
	r.index.newest.Store(s)
	r.retireTypes()
	for _, key := range eager {
		r.startEarly(key, r.types[key])
	}
	return r.changes
}

// allElements returns the elements that the app sees and those that only other
// elements of their own app see.
func allElements(s *catalog.Snapshot) []*catalog.Element {
	return append(s.Elements(), s.Others()...)
}

// hasCode reports whether an element is a Type with code of its own.
func hasCode(def *catalog.Element) bool {
	return def.Rank == catalog.Type && def.CodeType == def.FullName
}

// reconcileType makes the code of a new Type, or replaces the executable of a running
// process. It reports whether the Type is new.
func (r *reconciler) reconcileType(next *catalog.Snapshot, def *catalog.Element) (added bool) {
	key := typeKeyOf(def)
	old, known := r.types[key]
	if def.Broken || (known && old.entry.Equal(def.Entry)) {
		return false
	}
	typ := &typeCode{entry: def.Entry}
	r.types[key] = typ
	switch {
	case def.Entry.Kind == catalog.Builtin:
		typ.code = &builtinCode{typ: element.BuiltinOf(def.CodeType), env: r.env, log: r.log}
	case known && old.process != nil:
		typ.process, typ.code = old.process, old.code
		typ.replaced = r.replaceExecutable(key.name, old, r.spec(next, def))
		return false
	default:
		typ.process = r.host.Process(r.spec(next, def))
		typ.code = &processCode{process: typ.process, log: r.log, problems: r.problems}
	}
	r.problems.clear(key.name)
	return !known
}

func (r *reconciler) spec(next *catalog.Snapshot, def *catalog.Element) plugin.Spec {
	return specOf(next, def, r.lock)
}

// specOf returns what runs for the code that serves an element.
func specOf(s *catalog.Snapshot, def *catalog.Element, lock *lockFile) plugin.Spec {
	return plugin.Spec{
		Type:        def.CodeType,
		Owner:       def.CodeApp,
		Meta:        def.Meta,
		Path:        def.Entry.Path,
		Args:        def.Entry.Args,
		Interpreter: def.Entry.Interpreter,
		Dir:         def.Entry.Dir,
		SHA256:      lock.digest(lockKey(s, def)),
		Description: def.Description,
	}
}

// reconcileElement returns the Element of a key, made if it is new, after updating
// its definition.
func (r *reconciler) reconcileElement(next *catalog.Snapshot, def *catalog.Element, key handleKey) *Element {
	h := r.handles[key]
	if h == nil {
		h = &handle{el: newElement(def.FullName, r.calls)}
		r.handles[key] = h
	}
	if title := next.App.Title; h.revision != def.Revision || h.title != title {
		h.revision, h.title, h.pending = def.Revision, title, nil
		r.define(next, h, def)
	}
	return h.el
}

// define publishes a changed definition, for an instance with a new generation if its
// configuration or its code has changed.
func (r *reconciler) define(next *catalog.Snapshot, h *handle, def *catalog.Element) {
	switch {
	case def.Broken:
		h.el.publish(def, nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "%s has no good configuration", def.FullName))
		return
	case def.Rank != catalog.Instance:
		h.el.publish(def, nil, nil)
		return
	}
	typ := r.types[typeKeyOf(def)]
	if typ == nil && def.Entry.Kind != "" {
		// Its Type is gone; it serves its last good configuration.
		r.reconcileType(next, def)
		typ = r.types[typeKeyOf(def)]
	}
	if typ == nil {
		h.el.publish(def, nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "%s: its Type is not available", def.FullName))
		return
	}
	current := h.el.state.Load().current
	if current != nil && current.def.ConfigDigest == def.ConfigDigest && current.title == h.title && current.code == typ.code {
		if current.unusable() == nil {
			r.problems.clear(def.FullName)
		}
		h.el.publish(def, current, nil)
		return
	}
	r.generations++
	g := newGeneration(def, h.title, r.generations, typ)
	if def.Own != nil {
		g.own = r.ownCode(def.Own)
	}
	if current != nil && current.isOpen() {
		r.prepare(h, g)
		return
	}
	r.problems.clear(def.FullName)
	h.el.publish(def, g, nil)
}

// ownCode returns the process of a Type that another stands in for, nil if it has
// none.
func (r *reconciler) ownCode(own *catalog.Own) *processCode {
	if typ := r.types[typeKey{own.CodeApp, own.CodeType}]; typ != nil {
		code, _ := typ.code.(*processCode)
		return code
	}
	return nil
}

// retireTypes stops the processes of Types that are gone and serve nothing any
// more. Calls in flight finish.
func (r *reconciler) retireTypes() {
	used := make(map[code]bool, len(r.types))
	for _, h := range r.handles {
		for _, g := range []*generation{h.el.state.Load().current, h.pending} {
			if g != nil {
				used[g.code] = true
			}
		}
	}
	for key, typ := range r.types {
		if r.present[key] || used[typ.code] {
			continue
		}
		delete(r.types, key)
		if typ.process == nil {
			continue
		}
		r.background.Go(func() {
			ctx, cancel := context.WithTimeout(r.index.life, callTimeout)
			defer cancel()
			if typ.replaced != nil {
				<-typ.replaced
			}
			if err := r.host.Remove(ctx, typ.process); err != nil {
				r.log.Warn("stopping an unused plugin failed", "type", key.name, "error", err)
			}
		})
	}
}

// startEarly starts a Type and opens its instances with the app, without waiting,
// so that their problems show at start.
func (r *reconciler) startEarly(key typeKey, typ *typeCode) {
	r.background.Go(func() {
		ctx, cancel := context.WithTimeout(r.index.life, callTimeout)
		defer cancel()
		if typ.process != nil {
			if err := typ.process.Start(ctx); err != nil {
				if r.index.life.Err() == nil {
					r.log.Error("starting a plugin failed", "type", key.name, "error", err)
				}
				return
			}
		}
		for el := range r.index.newest.Load().all {
			if def := el.definition(); def.Rank == catalog.Instance && typeKeyOf(def) == key {
				r.openEarly(el)
			}
		}
	})
}

// openWarned opens the instances with schema warnings, without waiting, so that what
// their Types have to add is logged at start.
func (r *reconciler) openWarned() {
	s := r.index.newest.Load()
	for _, def := range s.catalog.Elements() {
		warned := slices.ContainsFunc(def.Problems, func(p problem.Problem) bool { return p.Warning && p.Code == problem.CodeConfig })
		if def.Rank != catalog.Instance || !warned {
			continue
		}
		r.openEarly(s.elements[def.FullName])
	}
}

// release takes every generation out of use. The background work has ended.
func (r *reconciler) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.handles {
		h.el.publish(h.el.state.Load().def, nil, nil)
	}
}
