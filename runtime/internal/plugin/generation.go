package plugin

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// generation is a configuration of an instance that the process has taken. It gets it
// again after each start.
type generation struct {
	in   Instance
	wire *elementv1.Instance // shared by all requests
}

func newGeneration(in Instance) *generation {
	return &generation{in: in, wire: &elementv1.Instance{Type: in.Type, Name: in.Name, Generation: in.Generation}}
}

// configured is the result of giving one child a generation. err is valid once done is
// closed.
type configured struct {
	done chan struct{}
	err  error
	at   time.Time
}

const (
	// maxReplays bounds the generations that are configured at once after a start.
	maxReplays = 8
	// replayRetry is how long a generation stays unavailable that could not be
	// configured again, before a call tries once more.
	replayRetry = 5 * time.Second
)

// configure sends a configuration to the process.
func (c *child) configure(ctx context.Context, g *generation) ([]*elementv1.Diagnostic, error) {
	ctx, cancel := context.WithTimeout(ctx, c.host.times.Configure)
	defer cancel()
	resp, err := c.api.Configure(ctx, &elementv1.ConfigureRequest{
		Instance:   g.wire,
		ConfigJson: g.in.Config, Title: g.in.Title, App: c.host.app(g.in.AppTitle),
	})
	if err != nil {
		return nil, err
	}
	if len(resp.GetDiagnostics()) > 0 {
		return resp.GetWarnings(), &ConfigError{Diagnostics: resp.GetDiagnostics()}
	}
	return resp.GetWarnings(), nil
}

// markConfigured notes that the process has a generation.
func (c *child) markConfigured(g *generation) {
	entry := &configured{done: make(chan struct{}), at: time.Now()}
	close(entry.done)
	c.configured.Store(g, entry)
}

// has reports whether the process has a generation.
func (c *child) has(g *generation) bool {
	value, ok := c.configured.Load(g)
	if !ok {
		return false
	}
	entry := value.(*configured)
	select {
	case <-entry.done:
		return entry.err == nil
	default:
		return false
	}
}

// ensure configures a generation that the process doesn't have yet, once for all
// callers, and waits.
func (c *child) ensure(ctx context.Context, g *generation) error {
	entry := &configured{done: make(chan struct{})}
	for {
		value, loaded := c.configured.LoadOrStore(g, entry)
		if !loaded {
			break
		}
		known := value.(*configured)
		select {
		case <-known.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if known.err == nil || time.Since(known.at) < replayRetry {
			return known.err
		}
		if c.configured.CompareAndSwap(g, known, entry) {
			break
		}
	}
	// Others may wait for it, so it goes on when this caller's context ends.
	_, entry.err = c.configure(context.WithoutCancel(ctx), g)
	entry.at = time.Now()
	close(entry.done)
	return entry.err
}

// replay configures all generations, several at a time, and returns those that failed.
func (c *child) replay(ctx context.Context, all []*generation) error {
	work := make(chan *generation)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for range min(maxReplays, len(all)) {
		wg.Go(func() {
			for g := range work {
				if err := c.ensure(ctx, g); err != nil {
					mu.Lock()
					errs = append(errs, &replayError{g.in, err})
					mu.Unlock()
				}
			}
		})
	}
	for _, g := range all {
		work <- g
	}
	close(work)
	wg.Wait()
	return errors.Join(errs...)
}

type replayError struct {
	in  Instance
	err error
}

func (e *replayError) Error() string { return e.in.Name + ": " + e.err.Error() }
func (e *replayError) Unwrap() error { return e.err }

// unconfigured returns the error of a call on a generation that the process lacks.
func unconfigured(err error) error {
	e := errcode.Wrap(err, errcode.ElementUnavailable, "the element could not be configured again").
		With("outcome", errcode.OutcomeNotExecuted)
	return e.After(replayRetry)
}
