package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
	"github.com/lintel-run/lintel/runtime/problem"
)

// A configuration that its process could not take, because it was down or didn't
// answer, is offered again after a pause between these bounds.
const (
	minRetryPause = time.Second
	maxRetryPause = 30 * time.Second
)

// prepare makes g the generation that is to replace the handle's current one: g is
// opened while the current one serves and takes over when it is ready. A newer
// change cancels it.
func (r *reconciler) prepare(h *handle, g *generation) {
	h.pending = g
	tried := make(chan struct{})
	r.changes = append(r.changes, tried)
	r.background.Go(func() {
		done := r.tryOpen(h, g, true)
		close(tried)
		defer r.openHosted() // it may name others than before
		for pause := minRetryPause; !done; pause = min(2*pause, maxRetryPause) {
			select {
			case <-time.After(pause):
			case <-r.index.life.Done():
			}
			done = r.tryOpen(h, g, false)
			r.problems.logNew()
		}
	})
}

// tryOpen opens g once and swaps it in. It reports whether g is done with: in use,
// rejected or cancelled.
func (r *reconciler) tryOpen(h *handle, g *generation, first bool) (done bool) {
	ctx, cancel := context.WithTimeout(r.index.life, configureTimeout)
	defer cancel()
	err := g.open(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()
	name := h.el.name
	rejected := g.state.Load() != nil || errors.Is(err, errcode.Params) // trying again can't help
	switch {
	case r.index.life.Err() != nil:
	case h.pending != g:
		if h.pending == nil {
			r.problems.clear(name) // g recorded its problem after the change that cancelled it
		}
	case err == nil:
		r.log.Info("configuration changed", "element", name)
		r.problems.clear(name)
		h.pending = nil
		h.el.publish(g.def, g, nil)
		r.retireTypes()
		return true
	default:
		if first || rejected {
			r.log.Error("configuration change failed, last good one kept", "element", name, "error", err)
		}
		r.problems.recordKept(name, err)
		if !rejected {
			return false
		}
		h.pending = nil
	}
	g.retire()
	return true
}

// replaceExecutable replaces the executable of a process, after a replacement that is
// under way. The channel is closed when that has ended.
func (r *reconciler) replaceExecutable(name string, old *typeCode, spec plugin.Spec) <-chan struct{} {
	done := make(chan struct{})
	r.changes = append(r.changes, done)
	r.background.Go(func() {
		defer close(done)
		if old.replaced != nil {
			<-old.replaced
		}
		ctx, cancel := context.WithTimeout(r.index.life, configureTimeout)
		defer cancel()
		err := old.process.Replace(ctx, spec)
		switch {
		case err == nil:
			r.problems.clear(name)
			r.log.Info("plugin replaced", "type", name)
		case r.index.life.Err() == nil:
			r.log.Error("plugin replacement failed, old one kept", "type", name, "error", err)
			r.problems.record(Problem{Element: name, Code: problem.CodePlugin, Message: err.Error(), Serving: true})
			r.problems.logNew()
		}
	})
	return done
}
