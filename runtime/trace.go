package runtime

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// propagator carries trace context as W3C Trace Context and Baggage.
var propagator = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})

// span is one traced call; the zero span is none.
type span struct{ trace.Span }

// trace begins the span of a call, where tracing is configured.
func (a *App) trace(ctx context.Context, name, function string) (context.Context, span) {
	if a.settings.tracer == nil {
		return ctx, span{}
	}
	ctx, s := a.settings.tracer.Tracer("github.com/lintel-run/lintel/runtime").Start(ctx, "element "+function,
		trace.WithAttributes(attribute.String("lintel.element", name), attribute.String("lintel.function", function)))
	return ctx, span{s}
}

func (s span) end(err error) {
	if s.Span == nil {
		return
	}
	if err != nil {
		s.SetStatus(codes.Error, string(errcode.Of(err)))
	}
	s.End()
}
