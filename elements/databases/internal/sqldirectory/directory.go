package sqldirectory

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/lintel-run/lintel/elements/databases"
)

// Bound is how long a method may take.
const Bound = 850 * time.Millisecond

// Directory is a databases.Directory over an Engine.
type Directory struct {
	engine *observed
	app    string
	log    *slog.Logger

	// ready is set once the schema is up to date.
	ready     atomic.Bool
	migration singleflight.Group
	mu        sync.Mutex
	closed    bool

	background context.Context
	stop       context.CancelFunc
	running    sync.WaitGroup
}

var _ databases.Directory = (*Directory)(nil)

// New returns the directory of an app. It opens nothing.
func New(engine Engine, appID string, log *slog.Logger) *Directory {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &Directory{engine: &observed{Engine: engine}, app: appID, log: log}
	d.background, d.stop = context.WithCancel(context.Background())
	return d
}

// Close stops what runs in the background and closes the engine.
func (d *Directory) Close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.stop()
	d.running.Wait()
	return d.engine.Close()
}

// repeats reports whether a step whose outcome is unknown may be taken again.
type repeats bool

const (
	repeatable repeats = true
	once       repeats = false
)

// do takes a step within Bound, after the migrations. If the database is unavailable
// it tries again, unless waiting doesn't help, or the outcome is unknown and the step may
// be taken once only. The error is the newest that isn't about the time.
func (d *Directory) do(ctx context.Context, again repeats, step func(context.Context) error) error {
	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	pause, unknown := 4*time.Millisecond, false
	var cause FailureError
	for {
		err := d.migrated(ctx)
		if err == nil {
			err = step(ctx)
		}
		if err == nil {
			return nil
		}
		if errors.Is(caller.Err(), context.Canceled) {
			return context.Canceled
		}
		var f *FailureError
		if !errors.As(err, &f) {
			return err
		}
		if unknown = unknown || f.Unknown; unknown {
			// An earlier attempt may have succeeded.
			known := *f
			known.Unknown = true
			err = &known
		}
		if !f.Unavailable || f.Misconfigured || f.Unknown && again == once {
			return err
		}
		if cause.Reason == "" || !f.TimedOut {
			cause = *f
		}
		cause.Unknown = unknown
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return &cause
		case <-timer.C:
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}

// reads is an Engine as a Runner of statements that change nothing.
type reads struct{ engine Engine }

func (r reads) Run(ctx context.Context, s Statement, each func(Scan) error, args ...any) (int64, error) {
	return 0, r.engine.Read(ctx, s, each, args...)
}

// one runs a statement that returns a row. Without one, the error is ErrNotFound.
func one(ctx context.Context, r Runner, s Statement, row func(Scan) error, args ...any) error {
	found := false
	_, err := r.Run(ctx, s, func(scan Scan) error {
		found = true
		return row(scan)
	}, args...)
	if err == nil && !found {
		return databases.ErrNotFound
	}
	return err
}

// get returns what a query finds, or ErrNotFound.
func get[T any](ctx context.Context, d *Directory, s Statement, row func(*T, Scan) error, args ...any) (T, error) {
	var v, none T
	err := d.do(ctx, repeatable, func(ctx context.Context) error {
		return one(ctx, reads{d.engine}, s, func(scan Scan) error { return row(&v, scan) }, args...)
	})
	if err != nil {
		return none, err
	}
	return v, nil
}

// list returns all that a query finds.
func list[T any](ctx context.Context, d *Directory, s Statement, row func(*T, Scan) error, args ...any) ([]T, error) {
	var found []T
	err := d.do(ctx, repeatable, func(ctx context.Context) error {
		found = []T{}
		return d.engine.Read(ctx, s, func(scan Scan) error {
			var v T
			if err := row(&v, scan); err != nil {
				return err
			}
			found = append(found, v)
			return nil
		}, args...)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// into returns a row function that scans into variables.
func into(variables ...any) func(Scan) error {
	return func(scan Scan) error { return scan(variables...) }
}

func scanNumber(n *int, scan Scan) error { return scan(n) }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
