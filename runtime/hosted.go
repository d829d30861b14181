package runtime

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

// hostedWait bounds how long a start waits until the hosted instances are open.
const hostedWait = 10 * time.Second

// hosted returns the definitions of the instances that a host service serves, such as
// logins. One whose family isn't known, because its e.json can't be read, may be one.
func hosted(s *catalog.Snapshot) []*catalog.Element {
	services := element.HostServices()
	return slices.DeleteFunc(s.Elements(), func(def *catalog.Element) bool {
		if def.Broken && def.Meta == "" {
			return false
		}
		return def.Rank != catalog.Instance || !slices.ContainsFunc(services, func(service element.HostService) bool {
			return def.Is(service.Meta)
		})
	})
}

// openHosted opens the hosted instances, and what their configurations name, before
// their first call. It returns a channel for each that closes when it was tried once.
func (r *reconciler) openHosted() []<-chan struct{} {
	var tried []<-chan struct{}
	seen := make(map[*Element]bool)
	var visit func(el *Element)
	visit = func(el *Element) {
		if seen[el] {
			return
		}
		seen[el] = true
		if begun := r.openEarly(el); begun != nil {
			tried = append(tried, begun)
		}
		def := el.definition()
		for _, ref := range def.References {
			if used, err := r.index.getFrom(def.App, ref.Name); err == nil {
				visit(used)
			}
		}
	}
	s := r.index.newest.Load()
	for _, def := range hosted(s.catalog) {
		visit(s.elements[def.FullName])
	}
	return tried
}

// awaitHosted opens the hosted instances and waits a bounded time until each was
// tried.
func (r *reconciler) awaitHosted(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, hostedWait)
	defer cancel()
	for _, tried := range r.openHosted() {
		select {
		case <-tried:
		case <-ctx.Done():
			return
		}
	}
}

// openEarly opens an element's current generation in the background, again and again
// until it is open, rejected or replaced. The channel closes after the first try. It
// returns nil if there is nothing to open, or somebody does it already.
func (r *reconciler) openEarly(el *Element) <-chan struct{} {
	g := el.state.Load().current
	if g == nil || g.state.Load() != nil || r.index.life.Err() != nil || !g.opener.CompareAndSwap(false, true) {
		return nil
	}
	tried := make(chan struct{})
	r.background.Go(func() {
		done := r.tryEarly(el, g)
		close(tried)
		for pause := minRetryPause; !done; pause = min(2*pause, maxRetryPause) {
			select {
			case <-time.After(pause):
			case <-r.index.life.Done():
				return
			}
			done = r.tryEarly(el, g)
		}
	})
	return tried
}

// tryEarly tries once to open g. It reports whether g needs no other try.
func (r *reconciler) tryEarly(el *Element, g *generation) (done bool) {
	current, err := el.acquire()
	if err != nil {
		return true
	}
	defer current.leave()
	if current != g {
		return true
	}
	ctx, cancel := context.WithTimeout(r.index.life, configureTimeout)
	defer cancel()
	err = g.open(ctx)
	switch {
	case r.index.life.Err() != nil || g.state.Load() != nil && err != nil:
		return true // the app closes, or its Type rejected it, which is recorded
	case err == nil:
		r.problems.clear(el.name)
		return true
	}
	g.failure.Store(&err)
	if r.problems.recordUnopened(el.name, err) {
		r.problems.logNew()
	}
	return false
}

// hosted describes the hosted instances to operators.
func (a *App) hosted() []Hosted {
	list := []Hosted{}
	s := a.index.newest.Load()
	for _, def := range hosted(s.catalog) {
		h := Hosted{Element: def.FullName, Ready: true}
		if err := a.index.usable(s.elements[def.FullName], nil); err != nil {
			h.Ready, h.Error = false, err.Error()
		}
		list = append(list, h)
	}
	return list
}

// usable returns why an element can't serve for a reason of this process: its
// configuration, its executable, or those of what it names. Of several elements that
// it hands its work on to, one will do.
func (x *index) usable(el *Element, path []*Element) error {
	state := el.state.Load()
	g := state.current
	switch {
	case slices.Contains(path, el):
		return nil
	case g == nil:
		return el.unavailable(state)
	}
	if err := g.unusable(); err != nil {
		return err
	}
	if process, ok := g.code.(*processCode); ok {
		if p := process.process.State(); p.Phase == plugin.Failed {
			return errcode.Unavailable(errcode.OutcomeNotExecuted, "%s: its plugin failed: %s", el.name, p.LastError)
		}
	}
	path = append(path[:len(path):len(path)], el)
	var handed int
	var failed error
	for _, ref := range g.def.References {
		used, err := x.getFrom(g.def.App, ref.Name)
		if err == nil {
			err = x.usable(used, path)
		}
		if g.def.Is(ref.Family) {
			handed++
			if err == nil {
				handed, failed = 0, nil
				break
			}
			failed = err
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", ref.Name, err)
		}
	}
	if handed > 0 {
		return failed
	}
	return nil
}
