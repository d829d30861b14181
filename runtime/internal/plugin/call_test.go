package plugin

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
)

func TestFirstCallStartsTheProcess(t *testing.T) {
	p, _ := testProcess(t)
	require.Equal(t, Idle, p.State().Phase)
	warnings, err := p.Configure(testContext(t), Instance{Name: testInstance, Type: "test.Hostile", Generation: 1, Config: json.RawMessage(`{"a":1}`)})
	require.NoError(t, err)
	require.Equal(t, "be warned", warnings[0].GetMessage())
	require.JSONEq(t, `{"x":"y"}`, mustCall(t, p, "echo", map[string]string{"x": "y"}))
	require.JSONEq(t, `{"a":1}`, mustCall(t, p, "config", nil))
	value, err := p.Get(testContext(t), testInstance, 1, "config", testCall())
	require.NoError(t, err)
	require.JSONEq(t, `{"a":1}`, string(value))
	answer, err := p.Check(testContext(t), "test.Hostile", "test.other", json.RawMessage(`{}`))
	require.NoError(t, err)
	require.True(t, answer.GetSteps()[0].GetOk())
	s := p.State()
	require.Equal(t, Ready, s.Phase)
	require.Equal(t, 1, s.Instances)
	require.Positive(t, s.PID)
}

func TestGenerationsLiveSideBySide(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `"one"`)
	configure(t, p, 2, `"two"`)
	for gen, want := range map[uint64]string{1: `"one"`, 2: `"two"`} {
		out, err := p.Call(testContext(t), testInstance, gen, "config", nil, testCall(), false)
		require.NoError(t, err)
		require.Equal(t, want, string(out))
	}
	p.Release(testInstance, 1)
	_, err := p.Call(testContext(t), testInstance, 1, "config", nil, testCall(), false)
	require.ErrorIs(t, err, errcode.ElementUnavailable)
	eventually(t, "generation 1 is released", func() bool {
		out, err := p.Get(testContext(t), testInstance, 2, "instances", testCall())
		return err == nil && string(out) == `"1"`
	})
}

func TestRefusedConfigurationIsNotKept(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{}`)
	_, err := p.Configure(testContext(t), Instance{Name: testInstance, Type: "test.Hostile", Generation: 2, Config: json.RawMessage(`"bad"`)})
	var refused *ConfigError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "/a: is bad", refused.Error())
	_, err = p.Call(testContext(t), testInstance, 2, "echo", nil, testCall(), false)
	require.ErrorIs(t, err, errcode.ElementUnavailable)
	mustCall(t, p, "echo", nil)
}

func TestErrorsOfCalls(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{}`)
	tests := []struct {
		function string
		code     errcode.Code
	}{
		{"nosuch", errcode.FunctionNotFound},
		{"panic", errcode.Internal},
		{"status", errcode.Internal},
		{"error", "SMS_REFUSED"},
	}
	for _, tt := range tests {
		_, err := call(testContext(t), p, tt.function, nil)
		require.Equal(t, tt.code, errcode.Of(err), tt.function)
		require.NotContains(t, err.Error(), "secret", tt.function)
	}
	_, err := call(testContext(t), p, "error", nil)
	var e *errcode.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 1500*time.Millisecond, e.RetryAfter)
	require.True(t, e.Retryable)
	require.Equal(t, "number", e.Details["reason"])
	_, err = p.Get(testContext(t), testInstance, 1, "nosuch", testCall())
	require.ErrorIs(t, err, errcode.FunctionNotFound)
	require.Zero(t, p.State().Restarts, "a panic in a call ends no process")
}

func TestMessageSizes(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{}`)
	large, _ := json.Marshal(strings.Repeat("a", 8<<20))
	out, err := p.Call(testContext(t), testInstance, 1, "echo", large, testCall(), false)
	require.NoError(t, err)
	require.Len(t, out, len(large))

	tooLarge, _ := json.Marshal(strings.Repeat("a", 40<<20))
	_, err = p.Call(testContext(t), testInstance, 1, "echo", tooLarge, testCall(), false)
	require.ErrorIs(t, err, errcode.Params)
	require.ErrorContains(t, err, "32 MiB")

	_, err = call(testContext(t), p, "big", map[string]string{"bytes": "40000000"})
	require.ErrorIs(t, err, errcode.Internal)
	require.ErrorContains(t, err, "32 MiB")
	mustCall(t, p, "echo", nil)
}

func TestDeadlineAndCancellationCross(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{}`)
	dir := t.TempDir()
	cancelled := filepath.Join(dir, "cancelled")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := call(ctx, p, "wait", map[string]string{"cancelled": cancelled})
	require.ErrorIs(t, err, errcode.DeadlineExceeded)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	eventually(t, "the plugin sees the deadline", func() bool { return exists(cancelled) })

	began, cancelled2 := filepath.Join(dir, "began"), filepath.Join(dir, "cancelled2")
	ctx2, cancel2 := context.WithCancel(context.Background())
	go func() {
		for !exists(began) {
			time.Sleep(time.Millisecond)
		}
		cancel2()
	}()
	_, err = call(ctx2, p, "wait", map[string]string{"began": began, "cancelled": cancelled2})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errcode.DeadlineExceeded, "every error has a code")
	eventually(t, "the plugin sees the cancellation", func() bool { return exists(cancelled2) })
}

func TestCallThatRunsToItsEndOutlivesItsCaller(t *testing.T) {
	p, _ := testProcess(t)
	configure(t, p, 1, `{}`)
	dir := t.TempDir()
	began, until, cancelled, done := filepath.Join(dir, "began"), filepath.Join(dir, "until"), filepath.Join(dir, "cancelled"), filepath.Join(dir, "done")
	args, _ := json.Marshal(map[string]string{"began": began, "until": until, "cancelled": cancelled, "done": done})
	ctx, cancel := context.WithCancel(context.Background())
	returned := make(chan error, 1)
	go func() {
		_, err := p.Call(ctx, testInstance, 1, "wait", args, testCall(), true)
		returned <- err
	}()
	eventually(t, "the call is running", func() bool { return exists(began) })
	cancel()
	require.ErrorIs(t, <-returned, context.Canceled, "the caller gets its answer at once")
	require.Equal(t, 1, p.State().InFlight, "the work is still counted")
	require.NoError(t, os.WriteFile(until, nil, 0o600))
	eventually(t, "the work ends", func() bool { return exists(done) && p.State().InFlight == 0 })
	require.False(t, exists(cancelled))
}
