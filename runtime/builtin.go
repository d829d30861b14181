package runtime

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/panicinfo"
	"github.com/lintel-run/lintel/runtime/element"
)

// builtinCode serves the generations of a Type in the host's own process.
type builtinCode struct {
	typ *element.Builtin
	env func(*generation) element.Env
	log *slog.Logger
}

func (b *builtinCode) open(ctx context.Context, g *generation) (element.Instance, bool, error) {
	instance, err := b.typ.Open(ctx, b.env(g), g.def.Config)
	if err != nil {
		if text := err.Error(); text != g.logged {
			g.logged = text
			b.log.Warn("opening an element failed", "element", g.def.FullName, "error", err)
		}
		return nil, false, errcode.Wrap(err, errcode.ElementUnavailable, "%s could not be opened", g.def.FullName).
			With("outcome", errcode.OutcomeNotExecuted).Retry()
	}
	return instance, false, nil
}

func (b *builtinCode) call(ctx context.Context, g *generation, fn function, args Args, call element.Call) (text json.RawMessage, err error) {
	defer b.recovered(call, &err)
	result, err := g.state.Load().instance.Call(element.WithCall(ctx, call), fn.GetName(), args)
	if err != nil {
		return nil, b.coded(ctx, call, err)
	}
	return json.Marshal(result)
}

func (b *builtinCode) get(ctx context.Context, g *generation, property string, call element.Call) (text json.RawMessage, err error) {
	defer b.recovered(call, &err)
	value, err := g.state.Load().instance.Get(element.WithCall(ctx, call), property)
	if err != nil {
		return nil, b.coded(ctx, call, err)
	}
	return json.Marshal(value)
}

func (b *builtinCode) release(g *generation) {
	if err := g.state.Load().instance.Close(); err != nil {
		b.log.Warn("closing an element failed", "element", g.def.FullName, "error", err)
	}
}

// coded returns an error with a code. Callers don't see the text of one without.
func (b *builtinCode) coded(ctx context.Context, call element.Call, err error) error {
	if _, ok := errcode.As(err); ok {
		return err
	}
	if ctx.Err() != nil {
		return contextError(ctx, call.Element, errcode.OutcomeUnknown)
	}
	b.log.Error("call failed", "element", call.Element, "function", call.Function, "request_id", call.RequestID, "error", err)
	return errcode.Wrap(err, errcode.Internal, "%s: an internal error", call.Element)
}

func (b *builtinCode) recovered(call element.Call, err *error) {
	p := recover()
	if p == nil {
		return
	}
	b.log.With(panicinfo.Attrs(p)...).Error("call panicked", "element", call.Element, "function", call.Function,
		"request_id", call.RequestID)
	*err = errcode.New(errcode.Internal, "%s: an internal error", call.Element)
}
