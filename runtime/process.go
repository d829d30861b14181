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
	warnings, err := p.process.Configure(ctx, plugin.Instance{
		Name:       g.def.FullName,
		Type:       g.def.CodeType,
		Title:      g.def.Title,
		AppTitle:   g.title,
		Generation: g.number,
		Config:     g.def.Config,
	})
	for _, w := range warnings {
		p.log.Warn("configuration warning",
			"element", g.def.FullName, "pointer", w.GetPointer(), "message", w.GetMessage())
	}
	var rejected *plugin.ConfigError
	if errors.As(err, &rejected) {
		p.problems.recordRejected(g, rejected)
		return nil, true, errcode.Wrap(err, errcode.ElementUnavailable, "%s: its Type rejected the configuration", g.def.FullName).
			With("outcome", errcode.OutcomeNotExecuted)
	}
	return nil, false, err
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
