package runtime

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// serviceEnv returns the environment of host services and watchers.
func (a *App) serviceEnv() element.Env {
	return element.Env{
		AppID:    a.info.AppID,
		AppTitle: a.info.Title,
		DataDir:  a.info.DataDir,
		Dev:      a.info.Dev,
		Logger:   a.settings.logger,
		Key:      a.Key,

		PreviousKey: a.PreviousKey,

		Elements: elements{a.index, a.calls, a.info.AppID},
	}
}

// instanceEnv returns the environment of a built-in instance.
func (a *App) instanceEnv(g *generation) element.Env {
	env := a.serviceEnv()
	env.Element, env.Title, env.AppTitle = g.def.FullName, g.def.Title, g.title
	env.Logger = env.Logger.With("element", g.def.FullName)
	env.Elements = elements{a.index, a.calls, g.def.App}
	return env
}

// elements implements element.Elements for the elements of one app.
type elements struct {
	index *index
	calls *callRecorder
	appID string
}

func (e elements) InFlight() func() {
	e.calls.begin()
	return sync.OnceFunc(e.calls.end)
}

func (e elements) Default(kind string) (element.Instance, func(), error) {
	return e.index.defaultBuiltin(kind)
}

func (e elements) DefaultName(kind string) string { return e.index.catalog().Defaults[kind] }

func (e elements) Call(ctx context.Context, fullName, function string, args json.RawMessage) (json.RawMessage, error) {
	call, ok := element.CallOf(ctx)
	if !ok {
		return nil, errcode.New(errcode.Forbidden, "other elements can be called only within a call")
	}
	return callbacks{e.index}.Call(ctx, call, fullName, function, args)
}

func (e elements) Title(fullName string) (string, error) {
	el, err := e.index.getFrom(e.appID, fullName)
	if err != nil {
		return "", err
	}
	return el.Title(), nil
}

func (e elements) Config(fullName string) (map[string]any, error) {
	el, err := e.index.getFrom(e.appID, fullName)
	if err != nil {
		return nil, err
	}
	return el.definition().Masked, nil
}

func (e elements) InstancesOf(fullName string) []string {
	found, err := e.index.find("." + fullName)
	if err != nil {
		return nil
	}
	names := make([]string, len(found))
	for i, el := range found {
		names[i] = el.FullName()
	}
	return names
}

// callbacks lets an instance reach the elements that its configuration names.
type callbacks struct{ index *index }

// Call calls a function of another element for the call being served.
func (c callbacks) Call(ctx context.Context, from element.Call, fullName, function string, args json.RawMessage) (json.RawMessage, error) {
	target, err := c.target(from, fullName)
	if err != nil {
		return nil, err
	}
	fn, err := target.function(function)
	if err != nil {
		return nil, err
	}
	named := Args{}
	if len(args) > 0 {
		if err := json.Unmarshal(args, &named); err != nil {
			return nil, errcode.Wrap(err, errcode.Params, "the arguments are not a JSON object")
		}
	}
	bound, err := bindNamed(fn, named)
	if err != nil {
		return nil, err
	}
	return target.run(nested(ctx, from, fullName, function), fn, bound)
}

// Get reads a property of another element.
func (c callbacks) Get(ctx context.Context, from element.Call, fullName, property string) (json.RawMessage, error) {
	target, err := c.target(from, fullName)
	if err != nil {
		return nil, err
	}
	return target.get(nested(ctx, from, fullName, property), property)
}

func (c callbacks) target(from element.Call, fullName string) (*Element, error) {
	caller, err := c.index.getFrom(from.App, from.Element)
	if err != nil {
		return nil, err
	}
	config := from.Config
	if config == nil { // not within a call, as a notice that was kept
		g := caller.state.Load().current
		if g == nil {
			return nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "%s has no good configuration", from.Element)
		}
		config = g.config
	}
	if !config.Names(fullName) {
		return nil, errcode.New(errcode.Forbidden, "the configuration of %s does not name this element", from.Element)
	}
	return c.index.getFrom(from.App, fullName)
}

// nested returns the context of a call that the call from makes: the same request
// and caller, and an operation of its own.
func nested(ctx context.Context, from element.Call, fullName, step string) context.Context {
	ctx = element.WithCaller(ctx, from.Caller)
	ctx = element.WithRequestID(ctx, from.RequestID)
	return element.WithOperation(ctx, from.Operation+"/"+fullName+"."+step)
}
