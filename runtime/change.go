package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

const (
	// patience is how long apply waits for changes; longer ones go on by themselves
	// and hold no others up.
	patience = 250 * time.Millisecond
	// retryFirst and retryMost bound the pause before a change is tried again that
	// its process could not take: it was down, or didn't answer.
	retryFirst = time.Second
	retryMost  = 30 * time.Second
)

// introduce makes g the element's next generation: it is opened beside the one
// that serves and takes its place when it is ready. A newer change ends it.
func (a *App) introduce(el *Element, g *generation) {
	el.pending = g
	tried := make(chan struct{})
	a.changes = append(a.changes, tried)
	a.background.Go(func() {
		ended := a.attempt(el, g, true)
		close(tried)
		for pause := retryFirst; !ended; pause = min(2*pause, retryMost) {
			select {
			case <-time.After(pause):
			case <-a.life.Done():
			}
			ended = a.attempt(el, g, false)
		}
	})
}

// attempt opens g once and puts it to use. It says whether that was the end of it.
func (a *App) attempt(el *Element, g *generation, first bool) (ended bool) {
	ctx, cancel := context.WithTimeout(a.life, configureTimeout)
	err := g.ready(ctx)
	cancel()
	ended = a.settle(el, g, err, first)
	if !first {
		a.logProblems()
	}
	return ended
}

func (a *App) settle(el *Element, g *generation, err error, first bool) (ended bool) {
	a.applying.Lock()
	defer a.applying.Unlock()
	final := g.state.Load() != nil || errors.Is(err, errcode.Params) // trying again can't help
	switch {
	case a.life.Err() != nil:
	case el.pending != g:
		if el.pending == nil {
			a.forgive(el.name) // what was said of g came behind the change that ended it
		}
	case err == nil:
		a.log.Info("a changed configuration is in use", "element", el.name)
		a.forgive(el.name)
		el.pending = nil
		el.broken.Store(nil)
		el.def.Store(g.def)
		el.replace(g)
		a.retireTypes()
		return true
	default:
		if first || final {
			a.log.Error("a changed configuration was not taken, the last good one goes on", "element", el.name, "error", err)
		}
		a.keeps(el.name, err)
		if !final {
			return false
		}
		el.pending = nil
	}
	g.retire()
	return true
}

// exchange gives a process another executable, behind the one that it may be
// about to take. The channel is closed when it has ended.
func (a *App) exchange(name string, old *typeCode, spec plugin.Spec) <-chan struct{} {
	done := make(chan struct{})
	a.changes = append(a.changes, done)
	a.background.Go(func() {
		defer close(done)
		if old.exchanged != nil {
			<-old.exchanged
		}
		ctx, cancel := context.WithTimeout(a.life, configureTimeout)
		defer cancel()
		err := old.process.Replace(ctx, spec)
		switch {
		case err == nil:
			a.forgive(name)
			a.log.Info("a changed plugin is in use", "type", name)
		case a.life.Err() == nil:
			a.log.Error("a changed plugin was not taken, the old one goes on", "type", name, "error", err)
			a.blame(Problem{Element: name, Code: "plugin", Message: err.Error(), Serving: true})
			a.logProblems()
		}
	})
	return done
}
