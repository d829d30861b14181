package plugin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/lintel-run/lintel/runtime/element"
)

// inflight holds the calls that one process is serving. A call is in it from before
// it is sent until it has been answered, and, when its work goes on, until that is
// over; while it is, the process may act for it by its id. So the inflight is also
// what a process that is replaced waits for.
type inflight struct {
	continued time.Duration

	mu      sync.Mutex
	closed  bool
	records map[string]*record
	drained chan struct{}
}

// record is one call.
type record struct {
	id    string
	call  element.Call
	depth int
	// ctx is the call's own: when it is cancelled, what the plugin has asked for on
	// its behalf is too.
	ctx      context.Context
	deadline time.Time

	continues, finished bool
	timer               *time.Timer
	nested              map[*nested]struct{}
}

// nested is a request that the plugin makes for a record.
type nested struct {
	cancel context.CancelFunc
	unlink func() bool
}

func newInflight(continued time.Duration) *inflight {
	return &inflight{continued: continued, records: make(map[string]*record), drained: make(chan struct{})}
}

// open records a call; false: the process takes no more.
func (l *inflight) open(ctx context.Context, call element.Call, depth int) (*record, bool) {
	var random [16]byte
	_, _ = rand.Read(random[:])
	r := &record{id: hex.EncodeToString(random[:]), call: call, depth: depth, ctx: ctx}
	r.deadline, _ = ctx.Deadline()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	l.records[r.id] = r
	return r, true
}

// answered ends a call, unless its work goes on: then it has a time of its own,
// and the caller's going no longer ends what was asked for.
func (l *inflight) answered(r *record, continues bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !continues || r.finished || l.records[r.id] != r {
		l.end(r)
		return
	}
	r.continues = true
	r.deadline = time.Now().Add(l.continued)
	for n := range r.nested {
		n.unlink()
	}
	r.timer = time.AfterFunc(l.continued, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.end(r)
	})
}

// finish ends the work that went on; false: there is no such call.
func (l *inflight) finish(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.records[id]
	if r == nil {
		return false
	}
	r.finished = true
	if r.continues {
		l.end(r)
	}
	return true
}

// end is called with l.mu held.
func (l *inflight) end(r *record) {
	if l.records[r.id] != r {
		return
	}
	delete(l.records, r.id)
	if r.timer != nil {
		r.timer.Stop()
	}
	for n := range r.nested {
		n.cancel()
	}
	l.settle()
}

func (l *inflight) settle() {
	if l.closed && len(l.records) == 0 {
		select {
		case <-l.drained:
		default:
			close(l.drained)
		}
	}
}

// close refuses further calls; drained is closed when the last one has ended.
func (l *inflight) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.settle()
}

// abandon ends what goes on: the process is gone. Calls still waiting for an
// answer end themselves.
func (l *inflight) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, r := range l.records {
		if r.continues {
			l.end(r)
		}
	}
	l.settle()
}

func (l *inflight) inFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.records)
}

// lookup gives the call of an id, for log lines.
func (l *inflight) lookup(id string) (element.Call, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.records[id]
	if r == nil {
		return element.Call{}, false
	}
	return r.call, true
}

// span gives the trace context of a call, for requests of a plugin that knows
// nothing of traces.
func (l *inflight) span(id string) trace.SpanContext {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.records[id]; r != nil {
		return trace.SpanContextFromContext(r.ctx)
	}
	return trace.SpanContext{}
}

// enter makes the context of a request that the plugin makes for a call: it
// carries the call, ends with it, and has its deadline. leave is called when the
// request has been answered. False: there is no such call, or it has ended.
func (l *inflight) enter(ctx context.Context, id string) (_ context.Context, leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.records[id]
	if r == nil {
		return nil, nil, false
	}
	ctx = element.WithCall(ctx, r.call)
	ctx = withDepth(ctx, r.depth+1)
	var cancel context.CancelFunc
	if r.deadline.IsZero() {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithDeadline(ctx, r.deadline)
	}
	n := &nested{cancel: cancel, unlink: func() bool { return true }}
	if !r.continues {
		n.unlink = context.AfterFunc(r.ctx, cancel)
	}
	if r.nested == nil {
		r.nested = make(map[*nested]struct{})
	}
	r.nested[n] = struct{}{}
	return ctx, func() {
		l.mu.Lock()
		delete(r.nested, n)
		l.mu.Unlock()
		n.unlink()
		cancel()
	}, true
}

// maxDepth is how many calls may be nested in each other across processes: a
// circle of elements that call each other ends here.
const maxDepth = 8

type depthKey struct{}

func withDepth(ctx context.Context, depth int) context.Context {
	return context.WithValue(ctx, depthKey{}, depth)
}

func depthOf(ctx context.Context) int {
	depth, _ := ctx.Value(depthKey{}).(int)
	return depth
}
