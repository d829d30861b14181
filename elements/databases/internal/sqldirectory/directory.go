package sqldirectory

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
)

// Bound is the longest that a method takes.
const Bound = 850 * time.Millisecond

// Directory is a databases.Directory over an Engine.
type Directory struct {
	engine Engine
	app    string
	log    *slog.Logger

	ready     atomic.Bool // the schema is up to date
	mu        sync.Mutex
	migration *migration // under way
	closed    bool

	background context.Context
	stop       context.CancelFunc
	running    sync.WaitGroup
}

var _ databases.Directory = (*Directory)(nil)

// New makes the directory of one app. It reaches for nothing yet.
func New(engine Engine, appID string, log *slog.Logger) *Directory {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &Directory{engine: engine, app: appID, log: log}
	d.background, d.stop = context.WithCancel(context.Background())
	return d
}

// Close ends what runs in the background, and the engine.
func (d *Directory) Close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.stop()
	d.running.Wait()
	return d.engine.Close()
}

// Ready says whether the database can be reached now.
func (d *Directory) Ready(ctx context.Context) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		return d.engine.Read(ctx, selectOne, nil)
	})
}

var selectOne = statement(`SELECT 1`)

// repeats says whether a step may be done again when its outcome is unknown.
type repeats bool

const (
	repeatable repeats = true
	once       repeats = false
)

// do takes a step within Bound: it sees to the schema, and tries again where a
// connection broke and the step is known not to have been done, or may be
// repeated.
func (d *Directory) do(ctx context.Context, again repeats, step func(context.Context) error) error {
	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	pause := 4 * time.Millisecond
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
		if !errors.As(err, &f) || !f.Unavailable || f.Unknown && again == once {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}

// read runs a query for at most one row; without one it is ErrNotFound.
func (d *Directory) read(ctx context.Context, s Statement, row func(Scan) error, args ...any) error {
	return d.do(ctx, repeatable, func(ctx context.Context) error {
		return one(func(each func(Scan) error) error {
			return d.engine.Read(ctx, s, each, args...)
		}, row)
	})
}

// one runs a query and gives ErrNotFound when it has no row.
func one(query func(each func(Scan) error) error, row func(Scan) error) error {
	found := false
	err := query(func(scan Scan) error {
		found = true
		return row(scan)
	})
	if err == nil && !found {
		return databases.ErrNotFound
	}
	return err
}

// into makes a row function that scans into variables.
func into(variables ...any) func(Scan) error {
	return func(scan Scan) error { return scan(variables...) }
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
