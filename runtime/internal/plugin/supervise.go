package plugin

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/lintel-run/lintel/runtime/internal/plugin/outputs"
)

// supervise starts, restarts and ends children. It runs in one goroutine, from the
// first request until Stop.
func (p *Process) supervise() {
	defer func() {
		p.mu.Lock()
		p.phase(Stopped)
		p.state.PID = 0
		close(p.stopped)
		p.mu.Unlock()
	}()
	var (
		c     *child
		ends  []time.Time
		pause time.Duration
	)
	for {
		if c == nil {
			c = p.start()
		}
		since := time.Now()
		if c != nil {
			c = p.supervised(c)
		}
		if c != nil { // another was adopted
			continue
		}
		if p.ended() {
			return
		}
		if time.Since(since) >= p.host.times.Healthy {
			pause = 0
		}
		ends = append(within(ends, p.host.times.BudgetWindow), time.Now())
		var adopted bool
		if c, adopted = p.pause(len(ends), &pause); adopted {
			ends, pause = nil, 0
		}
	}
}

func within(ends []time.Time, window time.Duration) []time.Time {
	for len(ends) > 0 && time.Since(ends[0]) > window {
		ends = ends[1:]
	}
	return ends
}

// start starts a child with all generations. It returns nil if that failed.
func (p *Process) start() *child {
	p.mu.Lock()
	spec := p.spec
	p.phase(Starting)
	p.mu.Unlock()
	ctx, cancel := p.untilStop()
	defer cancel()
	began := time.Now()
	startCtx, startCancel := context.WithTimeout(ctx, p.host.times.Start)
	defer startCancel()
	c, err := p.host.launch(startCtx, spec)
	if err != nil {
		p.recordEnd(c, err, true)
		return nil
	}
	// Stop doesn't wait for instances to be configured.
	defer context.AfterFunc(ctx, func() { c.run.Signal(syscall.SIGKILL) })()
	if err := c.replay(ctx, p.generations()); err != nil {
		p.logger.Error("configuring instances again failed, their calls fail", "error", err)
	}
	select {
	case <-c.run.Done():
		c.kill()
		p.recordEnd(c, exitError(c), true)
		return nil
	default:
	}
	p.publish(c)
	p.logger.Info("plugin started", "pid", c.run.PID(), "duration_ms", time.Since(began).Milliseconds())
	return c
}

// untilStop returns a context that ends with Stop.
func (p *Process) untilStop() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-p.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (p *Process) generations() []*generation {
	p.gensMu.RLock()
	defer p.gensMu.RUnlock()
	all := make([]*generation, 0, len(p.gens))
	for _, g := range p.gens {
		all = append(all, g)
	}
	return all
}

// publish makes c the child that takes calls.
func (p *Process) publish(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Store(c)
	p.starts++
	p.state.Restarts = p.starts - 1
	p.state.PID = c.run.PID()
	p.phase(Ready)
}

// supervised waits until c has ended or is stopped or replaced. In the last case it
// returns the child that took its place.
func (p *Process) supervised(c *child) *child {
	displaced := c.displaced
	for {
		select {
		case <-displaced:
			displaced = nil
			p.workers.Go(func() { p.renew(c) })
		case <-c.run.Done():
			p.withdraw(c)
			c.kill()
			p.recordEnd(c, exitError(c), false)
			return nil
		case a := <-p.adopt:
			p.adoptChild(a)
			p.workers.Go(func() { p.drain(c) })
			return a.child
		case <-p.stop:
			p.stopChild(c)
			return nil
		}
	}
}

// renew replaces a child whose directory has gone.
func (p *Process) renew(c *child) {
	ctx, cancel := p.untilStop()
	defer cancel()
	for p.current.Load() == c {
		p.mu.Lock()
		spec := p.spec
		p.mu.Unlock()
		if p.Replace(ctx, spec) == nil {
			return
		}
		select {
		case <-time.After(p.host.times.FailedRetry):
		case <-ctx.Done():
			return
		}
	}
}

// stopChild lets the calls of the last child finish, and ends it.
func (p *Process) stopChild(c *child) {
	p.mu.Lock()
	p.phase(Draining)
	ctx := p.stopCtx
	p.mu.Unlock()
	p.current.Store(nil)
	c.inflight.close()
	select {
	case <-c.inflight.drained:
	case <-c.run.Done():
	case <-ctx.Done():
	}
	c.stop()
}

func (p *Process) withdraw(c *child) { p.current.CompareAndSwap(c, nil) }

const maxReason = 1024

// recordEnd keeps why a child ended or could not be started.
func (p *Process) recordEnd(c *child, err error, starting bool) {
	if p.ended() {
		return
	}
	var lines []string
	if c != nil && c.out != nil {
		lines = c.out.Last()
	}
	// Errors of the handshake quote what the plugin printed.
	reason := outputs.Printable(err.Error()[:min(len(err.Error()), maxReason)])
	p.mu.Lock()
	p.failure = err
	p.state.LastError, p.state.LastLines = reason, lines
	if starting {
		p.failures++
	}
	p.mu.Unlock()
	p.host.cfg.Observer.Exited(p.typ)
	p.logger.Error("plugin ended", "error", reason, "starting", starting, "last_lines", lines)
}

// pause waits before the next start. It returns early with the child of a Replace, and
// with nil at Stop.
func (p *Process) pause(ends int, pause *time.Duration) (c *child, adopted bool) {
	times := p.host.times
	*pause = min(max(2*(*pause), times.Backoff), times.BackoffMax)
	wait := time.Duration(float64(*pause) * (0.9 + 0.2*rand.Float64())) //nolint:gosec // jitter is no secret
	phase := Backoff
	if ends > times.Budget {
		phase, wait = Failed, times.FailedRetry
	}
	p.mu.Lock()
	p.until = time.Now().Add(wait)
	before := p.state.Phase
	p.state.PID = 0 // changes with the phase, so that Ready always has a process
	p.phase(phase)
	failure := p.state.LastError
	lines := p.state.LastLines
	p.mu.Unlock()
	if phase == Failed && before != Failed {
		p.logger.Error("plugin failed too often, trying again later", "retry_ms", wait.Milliseconds(), "error", failure, "last_lines", lines)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.stop:
	case a := <-p.adopt:
		p.adoptChild(a)
		return a.child, true
	}
	return nil, false
}
