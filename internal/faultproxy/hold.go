package faultproxy

import "sync"

// Hold keeps one request, or the reply to one, until it is dropped or passed on.
type Hold struct {
	skip int

	once    sync.Once
	reached chan struct{}
	decided chan struct{}
	pass    bool
}

// HoldRequest holds a request that contains match (nil: any), after letting skip
// such pass: the server doesn't get it.
func (p *Proxy) HoldRequest(skip int, match []byte) *Hold { return p.hold(skip, match, true) }

// HoldReply holds the reply to such a request: the server has done what was
// asked, the client doesn't know.
func (p *Proxy) HoldReply(skip int, match []byte) *Hold { return p.hold(skip, match, false) }

func (p *Proxy) hold(skip int, match []byte, before bool) *Hold {
	h := &Hold{skip: skip, reached: make(chan struct{}), decided: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &fault{match: match, left: 1, before: before, hold: h})
	p.holds = append(p.holds, h)
	return h
}

// Reached is closed when something is held.
func (h *Hold) Reached() <-chan struct{} { return h.reached }

// Drop cuts the connection of what is held, or will be.
func (h *Hold) Drop() { h.once.Do(func() { close(h.decided) }) }

// Pass lets on its way what is held, or will be.
func (h *Hold) Pass() {
	h.once.Do(func() {
		h.pass = true
		close(h.decided)
	})
}

// wait says whether what is held may pass.
func (h *Hold) wait() bool {
	close(h.reached)
	<-h.decided
	return h.pass
}
