package runtime

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// env is what a built-in instance, or a host service, gets of the app.
func (a *App) env(g *generation) element.Env {
	env := element.Env{
		AppID:    a.info.AppID,
		AppTitle: a.Info().Title,
		DataDir:  a.info.DataDir,
		Dev:      a.settings.dev,
		Logger:   a.log,
		Key:      a.Key,
		Elements: elements{app: a, from: a.info.AppID},
	}
	if g != nil {
		env.Element, env.Title, env.AppTitle = g.def.FullName, g.def.Title, g.title
		env.Logger = a.log.With("element", g.def.FullName)
		env.Elements = elements{app: a, from: g.def.App}
	}
	return env
}

// elements is how built-in code reaches other elements, as those of one app see them.
type elements struct {
	app  *App
	from string // appId
}

func (e elements) find(fullName string) (*Element, error) {
	if el := e.app.snapshot.Load().from(e.from, fullName); el != nil {
		return el, nil
	}
	return nil, notFound(fullName)
}

func (e elements) Default(kind string) (element.Instance, func(), error) {
	return e.app.BuiltinDefault(kind)
}

func (e elements) DefaultName(kind string) string {
	return e.app.snapshot.Load().catalog.Defaults[kind]
}

func (e elements) Call(ctx context.Context, fullName, function string, args json.RawMessage) (json.RawMessage, error) {
	call, ok := element.CallOf(ctx)
	if !ok {
		return nil, errcode.New(errcode.Forbidden, "other elements are called within a call only")
	}
	return callbacks{e.app}.Call(ctx, call, fullName, function, args)
}

func (e elements) Title(fullName string) (string, error) {
	el, err := e.find(fullName)
	if err != nil {
		return "", err
	}
	return el.Title(), nil
}

func (e elements) Config(fullName string) (map[string]any, error) {
	el, err := e.find(fullName)
	if err != nil {
		return nil, err
	}
	return el.definition().Masked, nil
}

func (e elements) InstancesOf(fullName string) []string {
	found, err := e.app.FindElements("." + fullName)
	if err != nil {
		return nil
	}
	names := make([]string, len(found))
	for i, el := range found {
		names[i] = el.FullName()
	}
	return names
}
