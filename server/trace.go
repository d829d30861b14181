package server

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// span traces one request. It costs nothing without a configured exporter.
type span struct {
	trace.Span
	request *http.Request
}

func startSpan(ctx context.Context, r *http.Request) (context.Context, span) {
	ctx = otel.GetTextMapPropagator().Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, s := otel.Tracer("github.com/lintel-run/lintel/server").Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, span{Span: s, request: r}
}

func (s span) end(q *request) {
	if s.IsRecording() {
		name := "request"
		if q.function != "" {
			name = q.element + "." + q.function
		}
		s.SetName(name)
		s.SetAttributes(
			attribute.String("http.request.method", methodLabel(s.request.Method)),
			attribute.String("lintel.request.id", q.id),
			attribute.String("lintel.code", q.code),
		)
		if q.code != "OK" {
			s.SetStatus(otelcodes.Error, q.code)
		}
	}
	s.End()
}
