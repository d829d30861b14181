package runtime

import (
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// env is what a built-in instance, or a host service, gets of the app.
func (a *App) env(def *catalog.Element) element.Env {
	env := element.Env{
		AppID:    a.info.AppID,
		AppTitle: a.Info().Title,
		DataDir:  a.info.DataDir,
		Dev:      a.settings.dev,
		Logger:   a.log,
		Key:      a.Key,
		Elements: elements{a},
	}
	if def != nil {
		env.Element, env.Title = def.FullName, def.Title
		env.Logger = a.log.With("element", def.FullName)
	}
	return env
}

// elements is how built-in code reaches the app's other elements.
type elements struct{ app *App }

func (e elements) Default(kind string) (element.Instance, func(), error) {
	return e.app.BuiltinDefault(kind)
}

func (e elements) DefaultName(kind string) string {
	return e.app.snapshot.Load().catalog.Defaults[kind]
}

func (e elements) Title(fullName string) (string, error) {
	el, err := e.app.GetElement(fullName)
	if err != nil {
		return "", err
	}
	return el.Title(), nil
}

func (e elements) Config(fullName string) (map[string]any, error) {
	el, err := e.app.GetElement(fullName)
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
