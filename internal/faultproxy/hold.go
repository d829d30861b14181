package faultproxy

import "sync"

// Hold holds one request, or one reply, until Drop or Pass.
type Hold struct {
	skip int

	once    sync.Once
	reached chan struct{}
	decided chan struct{}
	pass    bool
}

// HoldRequest holds a request that contains match, or any if it is nil, after skip such
// requests. The server doesn't get it.
func (p *Proxy) HoldRequest(skip int, match []byte) *Hold { return p.hold(skip, match, true) }

// HoldReply holds the reply to such a request. The server has executed it, and the
// client doesn't know.
func (p *Proxy) HoldReply(skip int, match []byte) *Hold { return p.hold(skip, match, false) }

func (p *Proxy) hold(skip int, match []byte, before bool) *Hold {
	h := &Hold{skip: skip, reached: make(chan struct{}), decided: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &fault{match: match, left: 1, before: before, hold: h})
	p.holds = append(p.holds, h)
	return h
}

// Reached is closed when the request or reply is held.
func (h *Hold) Reached() <-chan struct{} { return h.reached }

// Drop cuts the connection of the held request or reply, now or when it comes.
func (h *Hold) Drop() { h.once.Do(func() { close(h.decided) }) }

// Pass forwards the held request or reply, now or when it comes.
func (h *Hold) Pass() {
	h.once.Do(func() {
		h.pass = true
		close(h.decided)
	})
}

// wait waits for Drop or Pass and reports which it was: true for Pass.
func (h *Hold) wait() bool {
	close(h.reached)
	<-h.decided
	return h.pass
}
