package plugin

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/lintel-run/lintel/runtime/internal/plugin/outputs"
)

// supervise is the one goroutine that starts, restarts and ends children. It runs
// from the first demand until Stop.
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
			c = p.attend(c)
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

// start brings up a child with all generations; nil when that failed.
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
		p.note(c, err, true)
		return nil
	}
	// A stop doesn't wait for instances to be configured.
	defer context.AfterFunc(ctx, func() { c.run.Signal(syscall.SIGKILL) })()
	if err := c.replay(ctx, p.generations()); err != nil {
		p.logger.Error("instances could not be configured again; their calls fail", "error", err)
	}
	select {
	case <-c.run.Done():
		c.kill()
		p.note(c, exit(c), true)
		return nil
	default:
	}
	p.publish(c)
	p.logger.Info("plugin started", "pid", c.run.PID(), "took", time.Since(began))
	return c
}

// untilStop is a context that ends with Stop.
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

// publish lets calls go to c.
func (p *Process) publish(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Store(c)
	p.starts++
	p.state.Restarts = p.starts - 1
	p.state.PID = c.run.PID()
	p.phase(Ready)
}

// attend waits until c has ended, or is to end, or is replaced: then it returns
// the child that took its place.
func (p *Process) attend(c *child) *child {
	select {
	case <-c.run.Done():
		p.withdraw(c)
		c.kill()
		p.note(c, exit(c), false)
		return nil
	case a := <-p.adopt:
		p.take(a)
		p.workers.Go(func() { p.drain(c) })
		return a.child
	case <-p.stop:
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
		return nil
	}
}

func (p *Process) withdraw(c *child) { p.current.CompareAndSwap(c, nil) }

const maxReason = 1024

// note keeps why a child ended or never was, for operators.
func (p *Process) note(c *child, err error, starting bool) {
	if p.ended() {
		return
	}
	var lines []string
	if c != nil && c.out != nil {
		lines = c.out.Last()
	}
	// The handshake's errors quote what the plugin printed.
	words := outputs.Printable(err.Error()[:min(len(err.Error()), maxReason)])
	p.mu.Lock()
	p.failure = err
	p.state.LastError, p.state.LastLines = words, lines
	if starting {
		p.failures++
	}
	p.mu.Unlock()
	p.host.cfg.Observer.Exited(p.typ)
	p.logger.Error("plugin ended", "error", words, "starting", starting, "lastLines", lines)
}

// pause waits before the next start. It returns early with the child that a
// Replace brings, and with nil at Stop.
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
	p.state.PID = 0 // with the phase: who sees Ready sees a process
	p.phase(phase)
	failure := p.state.LastError
	lines := p.state.LastLines
	p.mu.Unlock()
	if phase == Failed && before != Failed {
		p.logger.Error("plugin failed too often; it is tried again later", "after", wait, "error", failure, "lastLines", lines)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.stop:
	case a := <-p.adopt:
		p.take(a)
		return a.child, true
	}
	return nil, false
}
