package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// embeddedStores reports whether both default stores keep their data in the data
// directory, so that the secret may be kept there too.
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

// usableStores fails with STORE_UNAVAILABLE if a default store can't become usable
// by waiting.
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

// awaitStores opens the default stores and waits a bounded time until they are ready. A
// store that can't be reached by then is no error if the app may open without it.
func (a *App) awaitStores(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.settings.storeWait)
	defer cancel()
	for _, kind := range []string{element.DefaultCache, element.DefaultDatabase} {
		name := a.index.catalog().Defaults[kind]
		if name == "" || a.index.newest.Load().elements[name] == nil {
			return errcode.New(errcode.StoreUnavailable, "%s: there is no element %s", kind, name)
		}
		err := a.readiness.await(ctx, name)
		if err == nil || a.settings.withoutStores && waitingHelps(err) {
			continue
		}
		return errcode.Wrap(err, errcode.StoreUnavailable, "%s %s can't be used: %s", kind, name, innermost(err))
	}
	return nil
}

// await waits until a store is ready, and returns why it isn't if ctx ends first or
// waiting doesn't help.
func (r *readiness) await(ctx context.Context, name string) error {
	for {
		result, err := r.checks.Get(context.WithoutCancel(ctx), name)
		if err == nil {
			err = result.err
		}
		if err == nil || !waitingHelps(err) {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

func waitingHelps(err error) bool {
	return !misconfigured(err) && !errors.Is(err, errcode.ElementNotFound) && !errors.Is(err, errcode.Params)
}

// innermost returns the message of the last error with a code in a chain, or that of
// the whole if none has a code.
func innermost(err error) string {
	message := err.Error()
	for {
		e, coded := errcode.As(err)
		if !coded {
			return message
		}
		message, err = e.Message, e.Unwrap()
	}
}
