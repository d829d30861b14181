package runtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// watchersCloseTimeout bounds closing all watchers.
const watchersCloseTimeout = 3 * time.Second

// propagator carries trace context as W3C Trace Context and Baggage.
var propagator = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})

// callRecorder counts the calls in flight, traces them, and reports each finished
// call to the watchers of its family and to the observer.
type callRecorder struct {
	tracer   trace.TracerProvider // nil: no tracing
	observer Observer             // may be nil
	watchers map[string][]element.CallWatcher

	mu       sync.Mutex
	inFlight int
	idle     chan struct{} // closed when inFlight falls to 0; nil while nobody waits
}

func (r *callRecorder) begin() {
	r.mu.Lock()
	r.inFlight++
	r.mu.Unlock()
}

func (r *callRecorder) end() {
	r.mu.Lock()
	r.inFlight--
	if r.inFlight == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
	r.mu.Unlock()
}

// wait returns when no call is in flight, or with ctx's error.
func (r *callRecorder) wait(ctx context.Context) error {
	r.mu.Lock()
	if r.inFlight == 0 {
		r.mu.Unlock()
		return nil
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// trace starts the span of a call. The returned function ends it.
func (r *callRecorder) trace(ctx context.Context, call element.Call) (context.Context, func(error)) {
	if r.tracer == nil {
		return ctx, func(error) {}
	}
	ctx, span := r.tracer.Tracer("github.com/lintel-run/lintel/runtime").Start(ctx, "element "+call.Function,
		trace.WithAttributes(attribute.String("lintel.element", call.Element), attribute.String("lintel.function", call.Function)))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, string(errcode.Of(err)))
		}
		span.End()
	}
}

// report passes a finished call of a family's instance to watchers and observer.
func (r *callRecorder) report(family string, ended element.EndedCall) {
	for _, w := range r.watchers[family] {
		w.Called(ended)
	}
	if r.observer == nil {
		return
	}
	var code Code
	if ended.Err != nil {
		code = errcode.Of(ended.Err)
	}
	r.observer.Called(ended.Element, ended.Type, ended.Function, ended.Took, code)
}

// openWatchers opens the registered watchers.
func (r *callRecorder) openWatchers(env element.Env) error {
	r.watchers = make(map[string][]element.CallWatcher)
	for _, registered := range element.Watchers() {
		watcher, err := registered.Open(env)
		if err != nil {
			return errcode.Wrap(err, errcode.Internal, "the watcher of %s could not be opened", registered.Meta)
		}
		r.watchers[registered.Meta] = append(r.watchers[registered.Meta], watcher)
	}
	return nil
}

func (r *callRecorder) closeWatchers() error {
	ctx, cancel := context.WithTimeout(context.Background(), watchersCloseTimeout)
	defer cancel()
	var errs []error
	for _, watchers := range r.watchers {
		for _, watcher := range watchers {
			errs = append(errs, watcher.Close(ctx))
		}
	}
	return errors.Join(errs...)
}
