package runtime

import (
	"context"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
)

// Status describes the app, its plugins and its stores. Each store is given a second
// to answer.
func (a *App) Status(ctx context.Context) Status {
	s := a.index.newest.Load()
	status := Status{
		App:      a.Info(),
		Started:  a.started,
		Elements: len(s.elements),
		Reloaded: s.reloaded,
		Problems: a.Problems(),
		Plugins:  []Plugin{},
		Stores:   []Store{},
	}
	for _, p := range a.host.States() {
		status.Plugins = append(status.Plugins, Plugin{
			Type:       p.Type,
			State:      string(p.Phase),
			PID:        p.PID,
			Since:      p.Since,
			Restarts:   p.Restarts,
			Instances:  p.Instances,
			InFlight:   p.InFlight,
			LastError:  p.LastError,
			LastOutput: p.LastLines,
		})
	}
	for _, def := range s.catalog.Elements() {
		if def.Rank != catalog.Instance || element.BuiltinOf(def.CodeType) == nil {
			continue
		}
		el := s.elements[def.FullName]
		if g := el.state.Load().current; g == nil || !g.isOpen() {
			continue
		}
		store := Store{Element: def.FullName, Ready: true}
		if err := a.index.storeReady(ctx, def.FullName); err != nil {
			store.Ready, store.Error = false, err.Error()
		}
		status.Stores = append(status.Stores, store)
	}
	return status
}
