package runtime_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/lintel-run/lintel/runtime"
)

func TestATraceCrossesFromHostToPluginAndBackToThePluginOfAnotherElement(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	app := open(t, demoApp(t), runtime.WithTracerProvider(provider))
	_, err := get(t, app, "demo.one").Call(t.Context(), "other", "friend")
	require.NoError(t, err)

	// A server's span ends after its answer has arrived.
	eventually(t, "the chain of spans", func() bool { return isChain(recorder.Ended(), "element say", "element other") })
}

// isChain reports whether the parents of the span named inner lead to the one named
// outer.
func isChain(ended []sdktrace.ReadOnlySpan, inner, outer string) bool {
	byID := make(map[trace.SpanID]sdktrace.ReadOnlySpan, len(ended))
	var span sdktrace.ReadOnlySpan
	for _, s := range ended {
		byID[s.SpanContext().SpanID()] = s
		if s.Name() == inner {
			span = s
		}
	}
	for span != nil && span.Name() != outer {
		parent := byID[span.Parent().SpanID()]
		if parent != nil && parent.SpanContext().TraceID() != span.SpanContext().TraceID() {
			return false
		}
		span = parent
	}
	return span != nil
}
