package plugin

import (
	"context"
	"errors"
	"time"
)

// adoption hands a child with another executable to supervise.
type adoption struct {
	child *child
	spec  Spec
	taken chan struct{}
}

// Replace changes what the process runs. The new executable is started beside the old
// one, describes its Type and takes every generation. Then calls go to it, and the old
// one finishes its own. On an error everything stays as it was. A process that was
// never started only changes its spec.
func (p *Process) Replace(ctx context.Context, spec Spec) error {
	select {
	case p.replacing <- struct{}{}:
		defer func() { <-p.replacing }()
	case <-ctx.Done():
		return contextError(ctx)
	}
	if p.setIdle(spec) {
		return nil
	}
	own, cancel := p.untilStop()
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	startCtx, startCancel := context.WithTimeout(own, p.host.times.Start)
	defer startCancel()
	c, err := p.host.launch(startCtx, spec) //nolint:contextcheck // ends with ctx and with Stop
	if err != nil {
		return p.rejected(c, err)
	}
	if err := c.replay(own, p.working()); err != nil { //nolint:contextcheck // ends with ctx and with Stop
		c.stop() //nolint:contextcheck // a stop has a bound of its own
		return p.rejected(c, err)
	}
	a := adoption{child: c, spec: spec, taken: make(chan struct{})}
	select {
	case p.adopt <- a:
		<-a.taken
		return nil
	case <-c.run.Done():
		c.kill()
		return p.rejected(c, exitError(c))
	case <-p.stop:
		c.stop() //nolint:contextcheck // a stop has a bound of its own
		return errors.New("the process is stopped")
	case <-ctx.Done():
		c.stop() //nolint:contextcheck // a stop has a bound of its own
		return contextError(ctx)
	}
}

// setIdle changes the spec of a process that was never started.
func (p *Process) setIdle(spec Spec) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running || p.stopping {
		return false
	}
	p.spec = spec
	return true
}

func (p *Process) rejected(c *child, err error) error {
	var lines []string
	if c != nil && c.out != nil {
		lines = c.out.Last()
	}
	p.logger.Error("the changed plugin failed to start", "error", err, "last_lines", lines)
	return err
}

// working returns the generations that the current child serves. Others are no reason
// to reject its successor.
func (p *Process) working() []*generation {
	all := p.generations()
	c := p.current.Load()
	if c == nil {
		return all
	}
	working := all[:0]
	for _, g := range all {
		if c.has(g) {
			working = append(working, g)
		}
	}
	return working
}

// adoptChild makes another child the current one. Only supervise calls it.
func (p *Process) adoptChild(a adoption) {
	p.mu.Lock()
	p.spec = a.spec
	p.failure = nil
	p.state.LastError = ""
	p.mu.Unlock()
	p.publish(a.child)
	close(a.taken)
	p.logger.Info("plugin process replaced", "pid", a.child.run.PID())
}

// drain lets a replaced child finish its calls, then stops it.
func (p *Process) drain(c *child) {
	p.mu.Lock()
	p.drains[c] = struct{}{}
	p.mu.Unlock()
	c.inflight.close()
	timer := time.NewTimer(p.host.times.Drain)
	defer timer.Stop()
	select {
	case <-c.inflight.drained:
	case <-c.run.Done():
	case <-timer.C:
	case <-p.stop:
		p.mu.Lock()
		ctx := p.stopCtx
		p.mu.Unlock()
		select {
		case <-c.inflight.drained:
		case <-c.run.Done():
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	c.stop()
	p.mu.Lock()
	delete(p.drains, c)
	p.mu.Unlock()
}
