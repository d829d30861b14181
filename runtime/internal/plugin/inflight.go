package plugin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
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

	// ended are the newest calls that have been answered, since their last log lines come
	// a little later. oldest is the index in order of the one that leaves next.
	ended  map[string]origin
	order  [keptOrigins]string
	oldest int
}

const keptOrigins = 256

// origin is what log lines tell of a call.
type origin struct {
	element, requestID string
	trace              trace.TraceID
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
	return &inflight{records: make(map[string]*record), drained: make(chan struct{}), ended: make(map[string]origin)}
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
	delete(l.ended, l.order[l.oldest])
	l.ended[r.id], l.order[l.oldest] = r.origin(), r.id
	l.oldest = (l.oldest + 1) % keptOrigins
	l.checkDrained()
}

func (r *record) origin() origin {
	return origin{r.call.Element, r.call.RequestID, trace.SpanContextFromContext(r.ctx).TraceID()}
}

// logAttrs returns the attributes of log lines that belong to a call, nothing for an
// unknown one.
func (l *inflight) logAttrs(id string) []slog.Attr {
	l.mu.Lock()
	from, known := l.ended[id]
	if r := l.records[id]; r != nil {
		from, known = r.origin(), true
	}
	l.mu.Unlock()
	if !known {
		return nil
	}
	attrs := []slog.Attr{slog.String("element", from.element), slog.String("request_id", from.requestID)}
	if from.trace.IsValid() {
		attrs = append(attrs, slog.String("trace_id", from.trace.String()))
	}
	return attrs
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
