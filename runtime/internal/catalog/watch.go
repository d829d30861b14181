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

// How changes are noticed. All of it together stays within a second.
const (
	settleFor  = 50 * time.Millisecond  // no event for so long, then look
	settleMax  = 250 * time.Millisecond // but look after this at the latest
	pollEvery  = 500 * time.Millisecond // where nothing tells of changes
	sweepEvery = 10 * time.Second       // in case an event was lost
)

// Watch calls onChange with each new snapshot until ctx ends, at most a second
// after what made it new. It is told by the system where that works and looks for
// itself where it doesn't. Load comes first. onChange is called from one goroutine
// at a time; while it runs, changes wait. The error is nil when ctx ended.
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
	// What changed between Load and here is seen by this look.
	w.look(ctx, nil)
	return w.run(ctx)
}

// watcher is owned by the goroutine of Watch.
type watcher struct {
	loader   *Loader
	events   *fsnotify.Watcher
	onChange func(*Snapshot)
	shown    *Snapshot
	// poll: not all directories can be watched.
	poll bool
	// changed directories since the last look, and whether all below them counts.
	changed map[string]bool
	first   time.Time
	since   time.Time
	took    time.Duration
	// due is when something missing has to be looked at again.
	due time.Time
	// places are the roots' directories as last seen: nothing tells when one of
	// them is put in another's place.
	places string
}

func (w *watcher) run(ctx context.Context) error {
	var events <-chan fsnotify.Event
	var failures <-chan error
	if w.events != nil {
		events, failures = w.events.Events, w.events.Errors
	}
	swept := time.Now()
	w.places = w.placement()
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
			w.loader.cfg.Logger.Warn("watching files failed; looking for changes instead", "error", err)
			w.poll = true
		case <-timer.C:
		}
		now := time.Now()
		places := w.placement()
		switch {
		case now.Sub(swept) >= w.sweepAfter(), places != w.places:
			w.places = places
			w.look(ctx, nil)
			swept = time.Now()
		case len(w.changed) > 0 && w.settled(now), !w.due.IsZero() && !now.Before(w.due):
			changed := w.changed
			if changed == nil {
				changed = map[string]bool{}
			}
			w.look(ctx, changed)
		}
		timer.Reset(w.wait(swept))
	}
}

// settled says whether the changes noted so far are to be looked at now: an
// editor's dance takes several events.
func (w *watcher) settled(now time.Time) bool {
	return !now.Before(w.settleAt())
}

func (w *watcher) settleAt() time.Time {
	return w.since
}

func (w *watcher) sweepAfter() time.Duration {
	if w.poll {
		return min(pollEvery+w.took, 900*time.Millisecond)
	}
	return max(sweepEvery, 100*w.took)
}

func (w *watcher) wait(swept time.Time) time.Duration {
	now := time.Now()
	next := swept.Add(w.sweepAfter())
	if glance := now.Add(pollEvery); glance.Before(next) {
		next = glance // at the places of the roots
	}
	if len(w.changed) > 0 && w.settleAt().Before(next) {
		next = w.settleAt()
	}
	if !w.due.IsZero() && w.due.Before(next) {
		next = w.due
	}
	return max(next.Sub(now), time.Millisecond)
}

// note remembers where something happened.
func (w *watcher) note(event fsnotify.Event) {
	if event.Op == fsnotify.Chmod && !strings.HasSuffix(event.Name, ".json") && filepath.Ext(event.Name) != "" {
		return
	}
	now := time.Now()
	if w.changed == nil {
		w.changed = make(map[string]bool)
		w.first = now
	}
	w.since = now.Add(settleFor)
	if latest := w.first.Add(settleMax); w.since.After(latest) {
		w.since = latest
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

// look brings the loader up to date and tells of a new snapshot.
func (w *watcher) look(ctx context.Context, changed map[string]bool) {
	l := w.loader
	start := time.Now()
	l.mu.Lock()
	before := l.shown
	next := l.load(ctx, changed)
	w.follow()
	w.due = l.scanner.Due
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
	w.loader.cfg.Logger.Warn("not every directory can be watched; looking for changes instead", "error", errors.Unwrap(err))
	w.poll = true
}
