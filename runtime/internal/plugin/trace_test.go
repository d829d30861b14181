package plugin

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"github.com/lintel-run/lintel/runtime/element"
)

func TestTraceContextCrossesBothWays(t *testing.T) {
	provider := sdktrace.NewTracerProvider()
	defer func() { _ = provider.Shutdown(context.Background()) }()
	var nested trace.SpanContext
	calls := &asked{call: func(ctx context.Context, _ element.Call, _, _ string, _ json.RawMessage) (json.RawMessage, error) {
		nested = trace.SpanContextFromContext(ctx)
		return json.RawMessage(`1`), nil
	}}
	h, _ := testHost(t, Config{
		Calls: calls, Services: family("test.Meta"),
		Trace: Trace{Provider: provider, Propagator: propagation.TraceContext{}},
	})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	ctx, span := provider.Tracer("test").Start(testContext(t), "outer")
	defer span.End()
	id := span.SpanContext().TraceID().String()
	got, err := call(metadata.AppendToOutgoingContext(ctx, "not-ours", "secret"), p, "traceparent", nil)
	require.NoError(t, err)
	require.Contains(t, got, id)
	require.True(t, strings.HasSuffix(got, " 0"), "the caller's own metadata stays in the host")
	_, err = call(ctx, p, "nest", map[string]string{"element": "a", "function": "b"})
	require.NoError(t, err)
	require.Equal(t, id, nested.TraceID().String(), "also through a plugin that knows nothing of traces")
}
