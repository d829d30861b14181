package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// storeLook bounds one look at whether a store is ready.
const storeLook = time.Second

// embeddedStores says whether both default stores keep what they store in the
// data directory, so that a secret may be kept there too.
func embeddedStores(s *catalog.Snapshot) bool {
	for _, kind := range []string{element.DefaultCache, element.DefaultDatabase} {
		def := s.Lookup(s.Defaults[kind])
		if def == nil || def.Broken {
			return false
		}
		typ := element.BuiltinOf(def.CodeType)
		if typ == nil || !typ.Embedded {
			return false
		}
	}
	return true
}

// usableStores refuses default stores that no waiting makes usable. Its error is
// STORE_UNAVAILABLE.
func usableStores(s *catalog.Snapshot) error {
	for _, kind := range []string{element.DefaultCache, element.DefaultDatabase} {
		if problem, unfit := s.Unfit[kind]; unfit {
			return errcode.Wrap(problem, errcode.StoreUnavailable, "%s", problem.Error())
		}
		name := s.Defaults[kind]
		if def := s.Lookup(name); def == nil || !def.Broken {
			continue
		}
		for _, problem := range s.Problems {
			if problem.Element == name && !problem.Warning {
				return errcode.Wrap(problem, errcode.StoreUnavailable, "%s %s can't be used: %s", kind, name, problem.Error())
			}
		}
	}
	return nil
}

// awaitStores opens the default stores and waits, a bounded time, until they can
// be used: an app that could store nothing is not started.
func (a *App) awaitStores(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.settings.storeWait)
	defer cancel()
	for _, kind := range []string{element.DefaultCache, element.DefaultDatabase} {
		name := a.snapshot.Load().catalog.Defaults[kind]
		if name == "" || a.snapshot.Load().elements[name] == nil {
			return errcode.New(errcode.StoreUnavailable, "%s: there is no element %s", kind, name)
		}
		if err := a.awaitStore(ctx, name); err != nil {
			return errcode.Wrap(err, errcode.StoreUnavailable, "%s %s can't be used: %s", kind, name, innermost(err))
		}
	}
	return nil
}

func (a *App) awaitStore(ctx context.Context, name string) error {
	for {
		err := a.storeReady(ctx, name)
		if err == nil || errors.Is(err, errcode.ElementNotFound) || errors.Is(err, errcode.Params) {
			return err // waiting changes nothing
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// storeReady looks once whether a built-in instance would serve.
func (a *App) storeReady(ctx context.Context, name string) error {
	instance, release, err := a.Builtin(name)
	if err != nil {
		return err
	}
	defer release()
	readier, ok := instance.(element.Readier)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeLook)
	defer cancel()
	return readier.Ready(ctx)
}

// innermost gives the words of the last error in a chain that has a code, or of
// the whole where none has.
func innermost(err error) string {
	words := err.Error()
	for {
		e, coded := errcode.As(err)
		if !coded {
			return words
		}
		words, err = e.Message, e.Unwrap()
	}
}
