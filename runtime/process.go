package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

// processCode serves the generations of a Type in its plugin process.
type processCode struct {
	process  *plugin.Process
	log      *slog.Logger
	problems *problemLog
}

func (p *processCode) open(ctx context.Context, g *generation) (element.Instance, bool, error) {
	rejected, err := p.configure(ctx, g, g.def.CodeType, g.def.Config)
	return nil, rejected, err
}

// vet reports whether the process accepts what another Type stands in for.
func (p *processCode) vet(ctx context.Context, g *generation) (rejected bool, err error) {
	rejected, err = p.configure(ctx, g, g.def.Own.CodeType, g.def.Own.Config)
	if err == nil {
		p.release(g)
	}
	return rejected, err
}

func (p *processCode) configure(ctx context.Context, g *generation, typ string, config json.RawMessage) (rejected bool, err error) {
	warnings, err := p.process.Configure(ctx, plugin.Instance{
		Name:       g.def.FullName,
		Type:       typ,
		Title:      g.def.Title,
		AppTitle:   g.title,
		Generation: g.number,
		Config:     config,
	})
	for _, w := range warnings {
		p.log.Warn("configuration warning",
			"element", g.def.FullName, "pointer", w.GetPointer(), "message", w.GetMessage())
	}
	var wrong *plugin.ConfigError
	if errors.As(err, &wrong) {
		p.problems.recordRejected(g, wrong)
		return true, errcode.Wrap(err, errcode.ElementUnavailable, "%s: its Type rejected the configuration", g.def.FullName).
			With("outcome", errcode.OutcomeNotExecuted)
	}
	return false, err
}

func (p *processCode) call(ctx context.Context, g *generation, fn function, args Args, call element.Call) (json.RawMessage, error) {
	text, err := json.Marshal(args)
	if err != nil {
		return nil, errcode.Wrap(err, errcode.Params, "the arguments have no JSON form")
	}
	return p.process.Call(ctx, g.def.FullName, g.number, fn.GetName(), text, call, fn.GetRunsToEnd())
}

func (p *processCode) get(ctx context.Context, g *generation, property string, call element.Call) (json.RawMessage, error) {
	return p.process.Get(ctx, g.def.FullName, g.number, property, call)
}

func (p *processCode) release(g *generation) {
	p.process.Release(g.def.FullName, g.number)
}
