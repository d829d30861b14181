package errcode

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestErrorCrossesAsStatusWhole(t *testing.T) {
	sent := New("SEND_LIMITED", "wait").After(time.Minute).With("retryAfter", 60.0)
	got := FromStatus(status.Convert(sent).Err())
	var e *Error
	require.True(t, errors.As(got, &e))
	require.Equal(t, Code("SEND_LIMITED"), e.Code)
	require.Equal(t, "wait", e.Message)
	require.True(t, e.Retryable)
	require.Equal(t, time.Minute, e.RetryAfter)
	require.Equal(t, map[string]any{"retryAfter": 60.0}, e.Details)
}

func TestEveryErrorGetsACode(t *testing.T) {
	require.NoError(t, FromStatus(nil))
	require.NoError(t, ToStatus(nil))
	require.ErrorIs(t, FromStatus(context.Canceled), DeadlineExceeded)
	require.ErrorIs(t, FromStatus(status.Error(codes.Unavailable, "x")), ElementUnavailable)
	hidden := FromStatus(ToStatus(errors.New("a secret")))
	require.ErrorIs(t, hidden, Internal)
	require.NotContains(t, hidden.Error(), "secret")
}
