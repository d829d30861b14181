package plugin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"github.com/lintel-run/lintel/runtime/element"
)

// inflight holds the calls that one process is serving. A call is in flight from before
// it is sent until it has been answered. Meanwhile the process may act for it by its
// id. A process that is replaced waits for its calls in flight.
type inflight struct {
	mu      sync.Mutex
	closed  bool
	records map[string]*record
	drained chan struct{}
}

// record is a call in flight.
type record struct {
	id    string
	call  element.Call
	depth int
	// ctx is the call's own. When it ends, so do the requests that the plugin makes on
	// the call's behalf.
	ctx context.Context
	end context.CancelFunc
}

func newInflight() *inflight {
	return &inflight{records: make(map[string]*record), drained: make(chan struct{})}
}

// begin records a call. It returns false if the process takes no more calls.
func (l *inflight) begin(ctx context.Context, call element.Call, depth int) (*record, bool) {
	var random [16]byte
	_, _ = rand.Read(random[:])
	r := &record{id: hex.EncodeToString(random[:]), call: call, depth: depth}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	r.ctx, r.end = context.WithCancel(ctx)
	l.records[r.id] = r
	return r, true
}

// end removes a call that has been answered.
func (l *inflight) end(r *record) {
	r.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.records, r.id)
	l.checkDrained()
}

func (l *inflight) checkDrained() {
	if l.closed && len(l.records) == 0 {
		select {
		case <-l.drained:
		default:
			close(l.drained)
		}
	}
}

// close stops taking calls. It closes drained when the last one has ended.
func (l *inflight) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.checkDrained()
}

// count returns the number of calls.
func (l *inflight) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.records)
}

// lookup returns the call of an id, for log lines.
func (l *inflight) lookup(id string) (element.Call, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.records[id]
	if r == nil {
		return element.Call{}, false
	}
	return r.call, true
}

// span returns the trace context of a call, for requests of plugins that don't trace.
func (l *inflight) span(id string) trace.SpanContext {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.records[id]; r != nil {
		return trace.SpanContextFromContext(r.ctx)
	}
	return trace.SpanContext{}
}

// contextFor returns the context of a request that the plugin makes for a call. It
// carries the call, ends with it, and has its deadline. The caller calls leave when
// the request has been answered. ok is false if there is no such call in flight.
func (l *inflight) contextFor(ctx context.Context, id string) (_ context.Context, leave func(), ok bool) {
	l.mu.Lock()
	r := l.records[id]
	l.mu.Unlock()
	if r == nil {
		return nil, nil, false
	}
	ctx = element.WithCall(ctx, r.call)
	ctx = withDepth(ctx, r.depth+1)
	var cancel context.CancelFunc
	if deadline, bounded := r.ctx.Deadline(); bounded {
		ctx, cancel = context.WithDeadline(ctx, deadline)
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	unlink := context.AfterFunc(r.ctx, cancel)
	return ctx, func() {
		unlink()
		cancel()
	}, true
}

// maxDepth bounds how deep calls are nested across processes, which ends a loop of
// elements that call each other.
const maxDepth = 8

type depthKey struct{}

func withDepth(ctx context.Context, depth int) context.Context {
	return context.WithValue(ctx, depthKey{}, depth)
}

func depthOf(ctx context.Context) int {
	depth, _ := ctx.Value(depthKey{}).(int)
	return depth
}
