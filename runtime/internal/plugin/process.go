package plugin

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// Process is the process of a Type over its restarts and replacements. All methods may
// be called from any goroutine. None holds a lock while it waits.
type Process struct {
	host   *Host
	typ    string
	logger *slog.Logger

	// current is the child that takes calls; nil if there is none.
	current atomic.Pointer[child]

	gensMu sync.RWMutex
	gens   map[key]*generation

	// replacing is held by the Replace that is under way.
	replacing chan struct{}
	adopt     chan adoption
	stop      chan struct{} // closed by Stop
	stopped   chan struct{} // closed when nothing of the process runs any more
	workers   sync.WaitGroup

	mu       sync.Mutex
	spec     Spec
	running  bool // supervise runs
	stopping bool
	stopCtx  context.Context
	state    State
	until    time.Time // end of a pause
	failure  error     // of the last start
	failures int       // starts that failed
	waiters  int
	changed  chan struct{} // closed at each change of phase, and renewed
	drains   map[*child]struct{}
	starts   int
}

func newProcess(h *Host, spec Spec) *Process {
	return &Process{
		host: h, typ: spec.Type, spec: spec, logger: h.logger.With("type", spec.Type),
		gens: make(map[key]*generation), replacing: make(chan struct{}, 1), adopt: make(chan adoption),
		stop: make(chan struct{}), stopped: make(chan struct{}), changed: make(chan struct{}),
		drains: make(map[*child]struct{}),
		state:  State{Phase: Idle, Since: time.Now()},
	}
}

// Start starts the process if it isn't running and waits until it serves.
func (p *Process) Start(ctx context.Context) error {
	_, err := p.await(ctx, nil)
	return err
}

// Configure configures a generation of an instance, beside others. The
// error is a *ConfigError if the plugin rejects it. After each restart the process gets
// all generations again before the next call.
func (p *Process) Configure(ctx context.Context, in Instance) (warnings []*elementv1.Diagnostic, err error) {
	var avoid *child
	for attempt := 0; ; attempt++ {
		c, err := p.await(ctx, avoid)
		if err != nil {
			return nil, err
		}
		g := newGeneration(in)
		warnings, err = c.configure(ctx, g)
		if err == nil {
			c.markConfigured(g)
			p.gensMu.Lock()
			p.gens[in.key()] = g
			p.gensMu.Unlock()
			return warnings, nil
		}
		err = p.configureError(ctx, err)
		// Configuring twice does no harm, so another process may try.
		if attempt > 0 || !isUnavailable(err) || ctx.Err() != nil {
			return warnings, err
		}
		avoid = c
	}
}

// Check tests a configuration without keeping it.
func (p *Process) Check(ctx context.Context, typ, name string, config []byte) (*elementv1.CheckResponse, error) {
	var answer *elementv1.CheckResponse
	call := element.Call{Element: name, Type: typ, RequestID: element.RequestID(ctx), Caller: element.CallerOf(ctx)}
	_, err := p.serve(ctx, nil, call, false, func(ctx context.Context, c *child) (reply, error) {
		resp, err := c.api.Check(ctx, &elementv1.CheckRequest{Type: typ, Name: name, ConfigJson: config, App: p.host.cfg.App}, peerOf(ctx))
		answer = resp
		return reply{}, err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Release frees a generation. No call on it is in flight or follows.
func (p *Process) Release(name string, gen uint64) {
	k := key{name, gen}
	p.gensMu.Lock()
	g := p.gens[k]
	delete(p.gens, k)
	p.gensMu.Unlock()
	if g == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.current.Load()
	if c == nil || p.stopping {
		return
	}
	p.workers.Go(func() {
		if _, had := c.configured.LoadAndDelete(g); !had {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), p.host.times.Configure)
		defer cancel()
		_, err := c.api.Release(ctx, &elementv1.ReleaseRequest{
			Instance: g.wire,
		})
		if err != nil {
			p.logger.Debug("releasing a generation failed", "element", g.in.Name, "generation", g.in.Generation)
		}
	})
}

// Stop ends the process for good. Calls in flight finish while ctx lasts.
func (p *Process) Stop(ctx context.Context) error {
	p.end(ctx)
	<-p.stopped
	p.workers.Wait()
	return nil
}

// end begins to stop the process.
func (p *Process) end(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping {
		p.stopping, p.stopCtx = true, ctx
		close(p.stop)
		if !p.running {
			p.phase(Stopped)
			close(p.stopped)
		}
	}
}

func (p *Process) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopping
}

// State returns the state of the process.
func (p *Process) State() State {
	p.gensMu.RLock()
	names := make(map[string]struct{}, len(p.gens))
	for k := range p.gens {
		names[k.name] = struct{}{}
	}
	p.gensMu.RUnlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	s.Instances = len(names)
	c := p.current.Load()
	if c != nil {
		s.InFlight += c.inflight.count()
		s.LastLines = c.out.Last()
	}
	for old := range p.drains {
		s.InFlight += old.inflight.count()
	}
	return s
}

// phase sets the phase and wakes those who wait for a change. p.mu is held.
func (p *Process) phase(phase Phase) {
	if p.state.Phase != phase {
		p.state.Phase, p.state.Since = phase, time.Now()
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// await returns the child that takes calls, other than avoid, and starts one if
// necessary. It waits for a start and in a short pause, and fails at once in a long one.
func (p *Process) await(ctx context.Context, avoid *child) (*child, error) {
	if c := p.current.Load(); c != nil && c != avoid {
		return c, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	failures := p.failures
	for {
		if c := p.current.Load(); c != nil && c != avoid {
			return c, nil
		}
		if err := p.unavailable(failures); err != nil {
			return nil, err
		}
		if !p.running {
			p.running = true
			p.phase(Starting)
			p.workers.Go(p.supervise)
		}
		if p.waiters >= p.host.times.Waiters {
			return nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "too many calls wait for the element's plugin to start").After(time.Second)
		}
		p.waiters++
		changed := p.changed
		p.mu.Unlock()
		err := waitFor(ctx, changed)
		p.mu.Lock()
		p.waiters--
		if err != nil {
			return nil, err
		}
	}
}

func waitFor(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// unavailable returns why waiting is of no use, nil if it is. p.mu is held.
func (p *Process) unavailable(failures int) error {
	if p.stopping {
		return errcode.Unavailable(errcode.OutcomeNotExecuted, "the element's plugin is stopped")
	}
	pause := max(time.Until(p.until), p.host.times.Backoff)
	switch {
	case p.state.Phase == Failed:
		return notStarted(p.failure, pause, "the element's plugin failed too often")
	case p.failures != failures:
		return notStarted(p.failure, pause, "the element's plugin could not be started")
	case p.state.Phase == Backoff && pause > p.host.times.BackoffWait:
		return notStarted(p.failure, pause, "the element's plugin is being restarted")
	}
	return nil
}

func notStarted(cause error, pause time.Duration, message string) error {
	e := errcode.Wrap(cause, errcode.ElementUnavailable, "%s", message).With("outcome", errcode.OutcomeNotExecuted)
	return e.After(pause)
}
