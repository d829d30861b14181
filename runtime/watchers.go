package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// watcherTime bounds the end of all watchers.
const watcherTime = 3 * time.Second

// openWatchers makes those of the official library.
func (a *App) openWatchers() error {
	a.watchers = make(map[string][]element.CallWatcher)
	for _, registered := range element.Watchers() {
		watcher, err := registered.Open(a.env(nil))
		if err != nil {
			return errcode.Wrap(err, errcode.Internal, "the watcher of %s could not be made", registered.Meta)
		}
		a.watchers[registered.Meta] = append(a.watchers[registered.Meta], watcher)
	}
	return nil
}

func (a *App) closeWatchers() error {
	ctx, cancel := context.WithTimeout(context.Background(), watcherTime)
	defer cancel()
	var errs []error
	for _, watchers := range a.watchers {
		for _, watcher := range watchers {
			errs = append(errs, watcher.Close(ctx))
		}
	}
	return errors.Join(errs...)
}
