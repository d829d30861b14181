package runtime

import (
	"context"
	"sync"
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
		Hosted:   a.hosted(),
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
	for _, name := range a.index.stores() {
		status.Stores = append(status.Stores, Store{Element: name, Ready: true})
	}
	// At once, so that one that doesn't answer takes no time from the others.
	var looks sync.WaitGroup
	for i := range status.Stores {
		looks.Go(func() {
			store := &status.Stores[i]
			if err := a.readiness.of(ctx, store.Element); err != nil {
				store.Ready, store.Error = false, err.Error()
			}
		})
	}
	looks.Wait()
	return status
}
