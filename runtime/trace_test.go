package runtime_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/lintel-run/lintel/runtime"
)

func TestATraceCrossesFromHostToPluginAndBackToThePluginOfAnotherElement(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	app := open(t, demoApp(t), runtime.WithTracerProvider(provider))
	_, err := get(t, app, "demo.one").Call(t.Context(), "other", "friend")
	require.NoError(t, err)

	var outer, inner sdktrace.ReadOnlySpan
	ended := recorder.Ended()
	byID := make(map[string]sdktrace.ReadOnlySpan, len(ended))
	for _, span := range ended {
		byID[span.SpanContext().SpanID().String()] = span
		switch span.Name() {
		case "element other":
			outer = span
		case "element say":
			inner = span
		}
	}
	require.NotNil(t, outer)
	require.NotNil(t, inner)
	require.Equal(t, outer.SpanContext().TraceID(), inner.SpanContext().TraceID())
	parent := inner
	for parent.Parent().HasSpanID() && parent.SpanContext().SpanID() != outer.SpanContext().SpanID() {
		next := byID[parent.Parent().SpanID().String()]
		require.NotNil(t, next, "the chain of spans is broken")
		parent = next
	}
	require.Equal(t, outer.SpanContext().SpanID(), parent.SpanContext().SpanID())
}
