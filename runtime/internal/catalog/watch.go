package catalog

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
)

// These add up to less than a second, in which every change is noticed.
const (
	quietPeriod   = 50 * time.Millisecond  // without an event before the files are read
	maxQuietWait  = 250 * time.Millisecond // for a quiet period
	pollInterval  = 500 * time.Millisecond // if the system reports no changes
	sweepInterval = 10 * time.Second       // in case an event was lost
)

// Watch calls onChange with each new snapshot until ctx ends, at most a second after the
// change. It uses file system events if there are any, and polls otherwise. Load must be
// called first. onChange isn't called concurrently. The error is nil if ctx ended.
func (l *Loader) Watch(ctx context.Context, onChange func(*Snapshot)) error {
	w := &watcher{loader: l, onChange: onChange, shown: l.Current()}
	if w.shown == nil {
		return errors.New("watch: nothing is loaded yet")
	}
	if events, err := fsnotify.NewWatcher(); err == nil {
		w.events = events
		defer func() { _ = events.Close() }()
	}
	w.poll = w.events == nil || scan.Remote(slices.Concat(l.scanner.Dirs(), l.code.Dirs()))
	l.mu.Lock()
	w.follow()
	l.mu.Unlock()
	// Notice what changed since Load.
	w.look(ctx, nil)
	return w.run(ctx)
}

// watcher belongs to the goroutine of Watch.
type watcher struct {
	loader   *Loader
	events   *fsnotify.Watcher
	onChange func(*Snapshot)
	shown    *Snapshot
	// poll means that not all directories can be watched, links that some are not what
	// their names say.
	poll, links bool
	// changed holds the directories with events, and whether everything below them
	// counts as changed.
	changed map[string]bool
	first   time.Time
	quietAt time.Time // when the changes are read, unless events go on
	took    time.Duration
	// due is when something has to be looked at even without an event.
	due time.Time
	// placement is that of the roots when last seen. There is no event when another
	// directory takes the place of a root.
	placed string
}

func (w *watcher) run(ctx context.Context) error {
	var events <-chan fsnotify.Event
	var failures <-chan error
	if w.events != nil {
		events, failures = w.events.Events, w.events.Errors
	}
	swept := time.Now()
	w.placed = w.placement()
	timer := time.NewTimer(w.wait(swept))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case event, open := <-events:
			if !open {
				events, w.poll = nil, true
				break
			}
			w.note(event)
		case err, open := <-failures:
			if !open {
				failures = nil
				break
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				swept = time.Time{}
				break
			}
			w.loader.cfg.Logger.Warn("watching files failed, polling instead", "error", err)
			w.poll = true
		case <-timer.C:
		}
		now := time.Now()
		placed := w.placement()
		switch {
		case now.Sub(swept) >= w.sweepAfter(), placed != w.placed:
			w.placed = placed
			w.look(ctx, nil)
			swept = time.Now()
		case len(w.changed) > 0 && !now.Before(w.quietAt), !w.due.IsZero() && !now.Before(w.due):
			changed := w.changed
			if changed == nil {
				changed = map[string]bool{}
			}
			w.look(ctx, changed)
		}
		timer.Reset(w.wait(swept))
	}
}

func (w *watcher) sweepAfter() time.Duration {
	if w.poll || w.links {
		return min(pollInterval+w.took, 900*time.Millisecond)
	}
	return max(sweepInterval, 100*w.took)
}

func (w *watcher) wait(swept time.Time) time.Duration {
	now := time.Now()
	next := swept.Add(w.sweepAfter())
	if glance := now.Add(pollInterval); glance.Before(next) {
		next = glance // at the placement of the roots
	}
	if len(w.changed) > 0 && w.quietAt.Before(next) {
		next = w.quietAt
	}
	if !w.due.IsZero() && w.due.Before(next) {
		next = w.due
	}
	return max(next.Sub(now), time.Millisecond)
}

// note notes the directory of an event.
func (w *watcher) note(event fsnotify.Event) {
	if event.Op == fsnotify.Chmod && !strings.HasSuffix(event.Name, ".json") && filepath.Ext(event.Name) != "" {
		return
	}
	now := time.Now()
	if w.changed == nil {
		w.changed = make(map[string]bool)
		w.first = now
	}
	w.quietAt = now.Add(quietPeriod)
	if latest := w.first.Add(maxQuietWait); w.quietAt.After(latest) {
		w.quietAt = latest
	}
	dir := filepath.Dir(event.Name)
	if _, noted := w.changed[dir]; !noted {
		w.changed[dir] = false
	}
	if event.Has(fsnotify.Create) {
		if info, err := os.Lstat(event.Name); err == nil && info.IsDir() {
			w.changed[event.Name] = true
			w.add(event.Name)
		}
	}
}

// look brings the loader up to date and calls onChange with a new snapshot.
func (w *watcher) look(ctx context.Context, changed map[string]bool) {
	l := w.loader
	start := time.Now()
	l.mu.Lock()
	before := l.shown
	next := l.load(ctx, changed)
	w.follow()
	w.due, w.links = l.scanner.Due, l.scanner.Links()
	l.mu.Unlock()
	w.changed = nil
	if changed == nil {
		w.took = time.Since(start)
	}
	if next != w.shown && (next != before || before != w.shown) {
		w.shown = next
		w.onChange(next)
	}
}

// follow watches directories that are new. The loader is locked.
func (w *watcher) follow() {
	added := w.loader.scanner.TakeAdded()
	if w.events == nil {
		return
	}
	for _, dir := range added {
		w.add(dir)
	}
	for _, dir := range w.loader.code.Dirs() {
		if !slices.Contains(w.events.WatchList(), dir) {
			w.add(dir)
		}
	}
}

// placement changes when another directory takes the place of a root's.
func (w *watcher) placement() string {
	w.loader.mu.Lock()
	defer w.loader.mu.Unlock()
	return w.loader.scanner.Placement()
}

func (w *watcher) add(dir string) {
	if w.poll && w.events == nil {
		return
	}
	err := w.events.Add(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) || w.poll {
		return
	}
	w.loader.cfg.Logger.Warn("not every directory can be watched, polling instead", "error", errors.Unwrap(err))
	w.poll = true
}
