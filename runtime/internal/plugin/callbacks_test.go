package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// asked is a Calls that tests set up.
type asked struct {
	call func(ctx context.Context, from element.Call, name, function string, args json.RawMessage) (json.RawMessage, error)
}

func (a *asked) Call(ctx context.Context, from element.Call, name, function string, args json.RawMessage) (json.RawMessage, error) {
	return a.call(ctx, from, name, function, args)
}

func (a *asked) Get(ctx context.Context, from element.Call, name, property string) (json.RawMessage, error) {
	return a.call(ctx, from, name, property, nil)
}

func family(meta string) []HostService {
	return []HostService{{Meta: meta, Register: func(grpc.ServiceRegistrar) {}}}
}

func TestPluginCallsOtherElementsForTheCallBeingServed(t *testing.T) {
	var seen []element.Call
	var mu sync.Mutex
	calls := &asked{call: func(ctx context.Context, from element.Call, name, function string, _ json.RawMessage) (json.RawMessage, error) {
		mu.Lock()
		defer mu.Unlock()
		inContext, ok := element.CallOf(ctx)
		require.True(t, ok)
		require.Equal(t, from, inContext)
		require.Equal(t, "u-1", element.CallerOf(ctx).UserID)
		seen = append(seen, from)
		if function == "fail" {
			return nil, errcode.New("SMS_REFUSED", "refused").With("reason", "balance")
		}
		if function == "leak" {
			return nil, errors.New("a secret")
		}
		return json.RawMessage(`"` + name + "." + function + `"`), nil
	}}
	h, _ := testHost(t, Config{Calls: calls, Services: family("test.Meta")})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	require.Equal(t, "SMS.one.send", mustCall(t, p, "nest", map[string]string{"element": "SMS.one", "function": "send"}))
	require.Equal(t, "SMS.one.title", mustCall(t, p, "nestget", map[string]string{"element": "SMS.one", "property": "title"}))
	require.Equal(t, []element.Call{testCall(), testCall()}, seen)
	_, err := call(testContext(t), p, "nest", map[string]string{"element": "SMS.one", "function": "fail"})
	var e *errcode.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, errcode.Code("SMS_REFUSED"), e.Code)
	require.Equal(t, "balance", e.Details["reason"])
	_, err = call(testContext(t), p, "nest", map[string]string{"element": "SMS.one", "function": "leak"})
	require.ErrorIs(t, err, errcode.Internal)
	require.NotContains(t, err.Error(), "secret")
}

func TestRequestsWithoutTokenOrCallAreRefused(t *testing.T) {
	calls := &asked{call: func(context.Context, element.Call, string, string, json.RawMessage) (json.RawMessage, error) {
		t.Error("must not be reached")
		return nil, nil
	}}
	h, _ := testHost(t, Config{Calls: calls, Services: family("test.Meta")})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	ended := mustCall(t, p, "callid", nil)
	require.Len(t, ended, 32)
	for name, tt := range map[string]struct {
		args map[string]string
		want string
	}{
		"no token":    {map[string]string{"token": ""}, "status Unauthenticated"},
		"wrong token": {map[string]string{"token": strings.Repeat("0", 64)}, "status Unauthenticated"},
		"no call":     {map[string]string{"call": ""}, "status PermissionDenied"},
		"ended call":  {map[string]string{"call": ended}, "status PermissionDenied"},
		"made up":     {map[string]string{"call": strings.Repeat("a", 32)}, "status PermissionDenied"},
	} {
		require.Equal(t, tt.want, mustCall(t, p, "nest", tt.args), name)
	}
}

func TestOtherFamiliesOnlyLog(t *testing.T) {
	h, log := testHost(t, Config{Services: family("auths.loginTypes.Meta"), Calls: &asked{}})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	_, err := call(testContext(t), p, "nest", map[string]string{"element": "SMS.one", "function": "send"})
	require.ErrorIs(t, err, errcode.Forbidden)
	_, err = call(testContext(t), p, "nestget", map[string]string{"element": "SMS.one", "property": "x"})
	require.ErrorIs(t, err, errcode.Forbidden)
	require.Equal(t, "logged", mustCall(t, p, "hostlog", nil))
	var line map[string]any
	for _, text := range strings.Split(log.String(), "\n") {
		if strings.Contains(text, "from the plugin") {
			require.NoError(t, json.Unmarshal([]byte(text), &line))
		}
	}
	require.Equal(t, "WARN", line["level"])
	require.Equal(t, testInstance, line["element"])
	require.Equal(t, "r-1", line["request_id"])
	require.NotContains(t, line["msg"], "\n")
	require.Equal(t, map[string]any{"n": 1.0, "s": "a\ufffdb", "element": "SMS.other", "level": "ERROR"}, line["plugin"])
}

// What a plugin writes for a call is logged with the call's element and request, also a
// little later, and never under another's.
func TestALogLineBelongsToACallOfItsProcess(t *testing.T) {
	l := newInflight()
	begin := func(element, request string) *record {
		r, ok := l.begin(context.Background(), testCallOf(element, request), 0)
		require.True(t, ok)
		return r
	}
	first := begin("a.b", "r-1")
	attrs := func(r *record) string { return fmt.Sprint(l.logAttrs(r.id)) }
	require.Equal(t, "[element=a.b request_id=r-1]", attrs(first))
	l.end(first)
	require.Equal(t, "[element=a.b request_id=r-1]", attrs(first), "its last lines are on their way")
	require.Empty(t, l.logAttrs("unknown"))
	require.Empty(t, l.logAttrs(""))
	for range keptOrigins {
		l.end(begin("c.d", "r-2"))
	}
	require.Empty(t, l.logAttrs(first.id))
	require.Len(t, l.ended, keptOrigins, "no more are kept")
	require.Empty(t, newInflight().logAttrs(begin("e.f", "r-3").id), "another process's")
}

func testCallOf(name, request string) element.Call {
	return element.Call{Element: name, RequestID: request}
}

func TestATypeWhoseSchemaNamesElementsMayCall(t *testing.T) {
	calls := &asked{call: func(_ context.Context, _ element.Call, name, function string, _ json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`"` + name + "." + function + `"`), nil
	}}
	for schema, may := range map[string]bool{
		`{"properties":{"use":{"type":"array","items":{"type":"string","x-element":"SMS.Meta"}}}}`: true,
		`{"properties":{"x-element":{"type":"string"}}}`:                                           false,
		`{"properties":{"use":{"type":"string"}}}`:                                                 false,
		``: false,
	} {
		h, _ := testHost(t, Config{Calls: calls})
		spec := hostileSpec()
		spec.Description = &elementv1.TypeDescription{Name: "test.Hostile", ConfigSchema: schema}
		p := h.Process(spec)
		configure(t, p, 1, `{}`)
		got, err := call(testContext(t), p, "nest", map[string]string{"element": "SMS.one", "function": "send"})
		if may {
			require.NoError(t, err)
			require.Equal(t, "SMS.one.send", got)
		} else {
			require.ErrorIs(t, err, errcode.Forbidden, schema)
		}
	}
}

func TestPanicOfAHostServiceIsThatRequestsError(t *testing.T) {
	h, log := testHost(t, Config{Services: family("test.Meta"), Calls: &asked{call: func(context.Context, element.Call, string, string, json.RawMessage) (json.RawMessage, error) {
		panic("in the host")
	}}})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	require.Equal(t, "status Unknown", mustCall(t, p, "nest", map[string]string{"element": "SMS.one", "function": "send"}))
	require.Contains(t, log.String(), "callbacks_test.go:")
	require.NotContains(t, log.String(), "in the host")
	require.NotContains(t, log.String(), "goroutine")
}

func TestCirclesOfCallsEnd(t *testing.T) {
	calls := &asked{}
	h, _ := testHost(t, Config{Calls: calls, Services: family("test.Meta")})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	deep := 0
	var mu sync.Mutex
	args := json.RawMessage(`{"element":"x","function":"nest"}`)
	calls.call = func(ctx context.Context, _ element.Call, _, _ string, _ json.RawMessage) (json.RawMessage, error) {
		mu.Lock()
		deep++
		mu.Unlock()
		return p.Call(ctx, testInstance, 1, "nest", args, testCall(), false)
	}
	_, err := p.Call(testContext(t), testInstance, 1, "nest", args, testCall(), false)
	require.ErrorIs(t, err, errcode.Internal)
	require.ErrorContains(t, err, "deep")
	require.Equal(t, maxDepth+1, deep)
}

func TestNestedRequestEndsWithItsCall(t *testing.T) {
	for _, how := range []string{"cancelled", "deadline"} {
		entered, left := make(chan time.Time, 1), make(chan error, 1)
		calls := &asked{call: func(ctx context.Context, _ element.Call, _, _ string, _ json.RawMessage) (json.RawMessage, error) {
			deadline, _ := ctx.Deadline()
			entered <- deadline
			<-ctx.Done()
			left <- ctx.Err()
			return nil, ctx.Err()
		}}
		h, _ := testHost(t, Config{Calls: calls, Services: family("test.Meta")})
		p := h.Process(hostileSpec())
		configure(t, p, 1, `{}`)
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		if how == "cancelled" {
			ctx, cancel = context.WithCancel(context.Background())
		}
		go func() { _, _ = call(ctx, p, "nest", map[string]string{"element": "a", "function": "b"}) }()
		deadline := <-entered
		if how == "cancelled" {
			cancel()
		} else {
			outer, _ := ctx.Deadline()
			require.False(t, deadline.After(outer))
		}
		require.Error(t, <-left)
		cancel()
	}
}

func TestAnAnsweredCallAsksForNothingMore(t *testing.T) {
	calls := &asked{call: func(context.Context, element.Call, string, string, json.RawMessage) (json.RawMessage, error) {
		return nil, errors.New("the call has been answered")
	}}
	h, _ := testHost(t, Config{Calls: calls, Services: family("test.Meta")})
	p := h.Process(hostileSpec())
	configure(t, p, 1, `{}`)
	dir := t.TempDir()
	until, result := filepath.Join(dir, "until"), filepath.Join(dir, "result")
	out, err := call(testContext(t), p, "linger", map[string]string{"until": until, "result": result, "element": "a", "function": "b"})
	require.NoError(t, err)
	require.Equal(t, "going on", out)
	require.Zero(t, p.State().InFlight)
	require.NoError(t, os.WriteFile(until, nil, 0o600))
	eventually(t, "the plugin has asked", func() bool { return exists(result) })
	text, err := os.ReadFile(result)
	require.NoError(t, err)
	require.Equal(t, "PermissionDenied", string(text))
}
