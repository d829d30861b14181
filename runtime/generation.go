package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// generation is one configuration of one instance, numbered, as its Type gets it.
// It counts its calls; once it is retired, the last call to leave releases it.
type generation struct {
	def    *catalog.Element
	config *element.Config
	title  string // the app's
	number uint64
	code   code
	// own is the code that the Type's own process stands for if code stands in for it,
	// else nil.
	own *processCode
	// replaced is closed when the code is what the definition was checked against;
	// nil if it is already.
	replaced <-chan struct{}

	calls    atomic.Int64
	retired  atomic.Bool
	released sync.Once

	// opening holds a token that guards state and logged. A call waits for it under
	// its own context.
	opening chan struct{}
	state   atomic.Pointer[opened]
	// logged is why the last attempt to open it failed, as logged.
	logged string
	// opener means that a goroutine opens it before its first call. failure is why that
	// failed when it was last tried.
	opener  atomic.Bool
	failure atomic.Pointer[error]
}

// opened is how opening a generation ended. It holds an error only if trying again
// can't help, because the code rejected the configuration.
type opened struct {
	instance element.Instance // nil for a plugin's
	err      error
}

// code serves the generations of a Type: a plugin process or a built-in Type.
type code interface {
	// open makes the generation ready for calls. rejected reports that the code
	// looked at the configuration and rejected it.
	open(ctx context.Context, g *generation) (instance element.Instance, rejected bool, err error)
	call(ctx context.Context, g *generation, fn function, args Args, call element.Call) (json.RawMessage, error)
	get(ctx context.Context, g *generation, property string, call element.Call) (json.RawMessage, error)
	// release frees an opened generation. No call is in flight.
	release(g *generation)
}

func newGeneration(def *catalog.Element, title string, number uint64, typ *typeCode) *generation {
	config := &element.Config{JSON: def.Config}
	for _, reference := range def.References {
		config.References = append(config.References, reference.Name)
	}
	g := &generation{def: def, config: config, title: title, number: number, code: typ.code, replaced: typ.replaced, opening: make(chan struct{}, 1)}
	g.opening <- struct{}{}
	return g
}

// open opens the generation on its first call, once for all that wait.
func (g *generation) open(ctx context.Context) error {
	if s := g.state.Load(); s != nil {
		return s.err
	}
	select {
	case <-g.opening:
	case <-ctx.Done():
		return contextError(ctx, g.def.FullName, errcode.OutcomeNotExecuted)
	}
	defer func() { g.opening <- struct{}{} }()
	if s := g.state.Load(); s != nil {
		return s.err
	}
	if g.replaced != nil {
		select {
		case <-g.replaced:
		case <-ctx.Done():
			return contextError(ctx, g.def.FullName, errcode.OutcomeNotExecuted)
		}
	}
	instance, rejected, err := g.openCode(ctx)
	if err != nil && !rejected {
		return err
	}
	g.state.Store(&opened{instance: instance, err: err})
	return err
}

// openCode opens it in the code that serves it, once its own Type has accepted it.
func (g *generation) openCode(ctx context.Context) (instance element.Instance, rejected bool, err error) {
	if g.own != nil {
		if rejected, err := g.own.vet(ctx, g); err != nil {
			return nil, rejected, err
		}
	}
	return g.code.open(ctx, g)
}

// unusable returns why the generation can't serve: it was rejected, or could not be
// opened before its first call. It returns nil for one that nobody has tried to open.
func (g *generation) unusable() error {
	if s := g.state.Load(); s != nil {
		return s.err
	}
	if failure := g.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// isOpen reports whether the generation was opened successfully.
func (g *generation) isOpen() bool {
	s := g.state.Load()
	return s != nil && s.err == nil
}

// leave ends a call that acquire began.
func (g *generation) leave() {
	if g.calls.Add(-1) == 0 && g.retired.Load() {
		g.release()
	}
}

// retire marks the generation as replaced: no new call will come.
func (g *generation) retire() {
	g.retired.Store(true)
	if g.calls.Load() == 0 {
		g.release()
	}
}

func (g *generation) release() {
	g.released.Do(func() {
		if g.isOpen() {
			g.code.release(g)
		}
	})
}

// contextError returns the error of a call whose context has ended.
func contextError(ctx context.Context, name, outcome string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errcode.Wrap(ctx.Err(), errcode.DeadlineExceeded, "%s: the call timed out", name).With("outcome", outcome)
	}
	return errcode.Wrap(ctx.Err(), errcode.DeadlineExceeded, "%s: the caller gave up", name).With("outcome", outcome)
}
