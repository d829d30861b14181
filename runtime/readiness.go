package runtime

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/internal/memo"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

const (
	// storeCheckTimeout bounds one check of whether a store is ready.
	storeCheckTimeout = time.Second
	// storeCheckEvery is how often stores are checked though nobody asks, so that the
	// log has the beginning and the end of an outage.
	storeCheckEvery = 800 * time.Millisecond
	// storeCheckKept is how long the result of a check counts.
	storeCheckKept = 200 * time.Millisecond
)

// readiness checks whether stores are ready, and logs when one no longer is and when
// it is again. Those who ask at the same time share a check.
type readiness struct {
	index  *index
	log    *slog.Logger
	checks *memo.Memo[string, checked]

	// opened is set once the app is open. Before that, an outage is the error of Open.
	opened atomic.Bool

	mu sync.Mutex
	// out are the stores that are not ready, by name.
	out map[string]outage
}

// checked is the result of a check; err is nil if the store is ready.
type checked struct{ err error }

type outage struct {
	since time.Time
	// misconfigured is set if waiting doesn't end it.
	misconfigured bool
}

func newReadiness(log *slog.Logger, x *index) *readiness {
	r := &readiness{index: x, log: log, out: make(map[string]outage)}
	r.checks = memo.New(storeCheckKept, storeCheckTimeout, func(ctx context.Context, name string) (checked, error) {
		err := r.check(ctx, name)
		r.note(name, err)
		return checked{err}, nil
	})
	return r
}

// of returns why a store isn't ready, nil if it is.
func (r *readiness) of(ctx context.Context, name string) error {
	result, err := r.checks.Get(ctx, name)
	if err != nil {
		return err // the caller has left
	}
	return result.err
}

// check checks once whether a built-in instance would serve a call.
func (r *readiness) check(ctx context.Context, name string) error {
	instance, release, err := r.index.builtin(name)
	if err != nil {
		return err
	}
	defer release()
	if checker, ok := instance.(element.ReadyChecker); ok {
		return checker.Ready(ctx)
	}
	return nil
}

// note logs the beginning and the end of an outage, and when it turns out to be one
// that waiting doesn't end.
func (r *readiness) note(name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, out := r.out[name]
	switch {
	case err == nil && out:
		delete(r.out, name)
		r.log.Info("a store is ready again", "element", name, "duration_ms", time.Since(before.since).Milliseconds())
	case err == nil || !r.opened.Load() || r.index.life.Err() != nil:
	case !out:
		r.out[name] = outage{time.Now(), misconfigured(err)}
		r.log.Error("a store is not ready", "element", name, "cause", err.Error())
	case misconfigured(err) && !before.misconfigured:
		r.out[name] = outage{before.since, true}
		r.log.Error("a store is not ready", "element", name, "cause", err.Error())
	}
}

// watch checks the stores until ctx ends.
func (r *readiness) watch(ctx context.Context) {
	r.opened.Store(true)
	tick := time.NewTicker(storeCheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var checks sync.WaitGroup
		for _, name := range r.index.stores() {
			checks.Go(func() { _ = r.of(ctx, name) })
		}
		checks.Wait()
	}
}

// misconfigured reports whether waiting doesn't make a store ready.
func misconfigured(err error) bool { return errors.Is(err, element.ErrMisconfigured) }

// stores returns the names of the built-in instances that are open, in order.
func (x *index) stores() []string {
	s := x.newest.Load()
	var names []string
	for _, def := range s.catalog.Elements() {
		if def.Rank != catalog.Instance || element.BuiltinOf(def.CodeType) == nil {
			continue
		}
		if g := s.elements[def.FullName].state.Load().current; g != nil && g.isOpen() {
			names = append(names, def.FullName)
		}
	}
	return names
}
