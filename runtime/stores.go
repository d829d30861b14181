package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// storeCheckTimeout bounds one check of whether a store is ready.
const storeCheckTimeout = time.Second

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

// awaitStores opens the default stores and waits a bounded time until they are ready.
func (x *index) awaitStores(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for _, kind := range []string{element.DefaultCache, element.DefaultDatabase} {
		name := x.catalog().Defaults[kind]
		if name == "" || x.newest.Load().elements[name] == nil {
			return errcode.New(errcode.StoreUnavailable, "%s: there is no element %s", kind, name)
		}
		if err := x.awaitStore(ctx, name); err != nil {
			return errcode.Wrap(err, errcode.StoreUnavailable, "%s %s can't be used: %s", kind, name, innermost(err))
		}
	}
	return nil
}

func (x *index) awaitStore(ctx context.Context, name string) error {
	for {
		err := x.storeReady(ctx, name)
		if err == nil || errors.Is(err, errcode.ElementNotFound) || errors.Is(err, errcode.Params) {
			return err // waiting doesn't help
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// storeReady checks once whether a built-in instance would serve a call.
func (x *index) storeReady(ctx context.Context, name string) error {
	instance, release, err := x.builtin(name)
	if err != nil {
		return err
	}
	defer release()
	readier, ok := instance.(element.ReadyChecker)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeCheckTimeout)
	defer cancel()
	return readier.Ready(ctx)
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
