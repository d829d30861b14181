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

// generation is one configuration of one instance. A call counts itself on it;
// when it has been replaced, the last call out lets it go.
type generation struct {
	def    *catalog.Element
	title  string // the app's
	number uint64
	code   code
	// after is closed when the code is what the definition was checked against;
	// nil where it is already.
	after <-chan struct{}

	refs    atomic.Int64
	retired atomic.Bool
	gone    sync.Once

	// opening guards state and told; a call waits for it under its own context.
	opening chan struct{}
	state   atomic.Pointer[opened]
	// told is why the last try to open it failed, as it was logged.
	told string
}

// opened is how opening a generation ended. An error is kept only when trying
// again can't help: the code said no to this configuration.
type opened struct {
	instance element.Instance // nil for a plugin's
	err      error
}

// code is what serves the generations of a Type: a plugin process or a builtin.
type code interface {
	// open makes the generation ready for calls; refused says that the code has
	// looked at the configuration and turned it down.
	open(ctx context.Context, g *generation) (instance element.Instance, refused bool, err error)
	call(ctx context.Context, g *generation, fn function, args Args, call element.Call) (json.RawMessage, error)
	get(ctx context.Context, g *generation, property string, call element.Call) (json.RawMessage, error)
	// release lets an opened generation go; no call is in flight.
	release(g *generation)
}

func newGeneration(def *catalog.Element, title string, number uint64, c code) *generation {
	g := &generation{def: def, title: title, number: number, code: c, opening: make(chan struct{}, 1)}
	g.opening <- struct{}{}
	return g
}

// ready opens the generation on its first call, once for all that wait.
func (g *generation) ready(ctx context.Context) error {
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
	if g.after != nil {
		select {
		case <-g.after:
		case <-ctx.Done():
			return contextError(ctx, g.def.FullName, errcode.OutcomeNotExecuted)
		}
	}
	instance, refused, err := g.code.open(ctx, g)
	if err != nil && !refused {
		return err
	}
	g.state.Store(&opened{instance: instance, err: err})
	return err
}

// isOpen says whether the generation has been opened, and well.
func (g *generation) isOpen() bool {
	s := g.state.Load()
	return s != nil && s.err == nil
}

// leave ends what acquire began.
func (g *generation) leave() {
	if g.refs.Add(-1) == 0 && g.retired.Load() {
		g.letGo()
	}
}

// retire says that no new call will come.
func (g *generation) retire() {
	g.retired.Store(true)
	if g.refs.Load() == 0 {
		g.letGo()
	}
}

func (g *generation) letGo() {
	g.gone.Do(func() {
		if g.isOpen() {
			g.code.release(g)
		}
	})
}

// contextError is the error of a context that has ended.
func contextError(ctx context.Context, name, outcome string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errcode.Wrap(ctx.Err(), errcode.DeadlineExceeded, "%s: the call's time was up", name).With("outcome", outcome)
	}
	return errcode.Wrap(ctx.Err(), errcode.DeadlineExceeded, "%s: the caller gave up", name).With("outcome", outcome)
}
