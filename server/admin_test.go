package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

func get(h http.Handler, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+path, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestOnlyOperatorsSeeWhatIsNotReady(t *testing.T) {
	for name, c := range map[string]struct {
		state   runtime.Status
		public  int
		details int
		names   []any
	}{
		"all well": {runtime.Status{
			Stores:   []runtime.Store{{Element: "caches.Default", Ready: true}},
			Plugins:  []runtime.Plugin{{Type: "SMS.Http", State: "idle"}, {Type: "SMS.Aliyun", State: "ready"}},
			Problems: []runtime.Problem{{Element: "a", Warning: true}, {Element: "b", Serving: true}},
		}, 200, 200, nil},
		"a store": {runtime.Status{
			Stores: []runtime.Store{{Element: "caches.redis", Error: "timeout"}},
		}, 503, 503, []any{"caches.redis"}},
		"a plugin": {runtime.Status{
			Plugins: []runtime.Plugin{{Type: "SMS.Http", State: "failed"}, {Type: "SMS.Aliyun", State: "backoff"}},
		}, 200, 503, []any{"SMS.Http", "SMS.Aliyun"}},
		"an element": {runtime.Status{
			Problems: []runtime.Problem{{Element: "SMS.broken", Code: "schema", Message: "x"}},
		}, 200, 503, []any{"SMS.broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t)
			app.state = c.state
			s := serve(t, Options{}, app)
			w := get(s.Handler(), "/readyz")
			require.Equal(t, c.public, w.Code)
			require.NotContains(t, w.Body.String(), "SMS")
			require.NotContains(t, w.Body.String(), "caches")
			w = get(s.AdminHandler(""), "/readyz")
			require.Equal(t, c.details, w.Code)
			var body struct {
				Ready    bool
				NotReady []map[string]any
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
			require.Equal(t, c.details == 200, body.Ready)
			var names []any
			for _, one := range body.NotReady {
				names = append(names, one["name"])
			}
			require.Equal(t, c.names, names)
		})
	}
}

func TestReadyzSeesAChangeWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t)
		s := serve(t, Options{}, app)
		require.Equal(t, 200, get(s.Handler(), "/readyz").Code)
		app.state = runtime.Status{Stores: []runtime.Store{{Element: "x"}}}
		time.Sleep(time.Second)
		require.Equal(t, 503, get(s.Handler(), "/readyz").Code)
		require.Equal(t, 200, get(s.Handler(), "/healthz").Code)
		_ = app.cache.Close()
	})
}

func TestInAnOutageNobodyWaitsForMoreThanOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t)
		app.state = runtime.Status{Stores: []runtime.Store{{Element: "x"}}}
		var looks, running, most atomic.Int32
		app.look = func(ctx context.Context) {
			looks.Add(1)
			most.Store(max(most.Load(), running.Add(1)))
			<-ctx.Done()
			running.Add(-1)
		}
		s := serve(t, Options{}, app)
		ask := func(h http.Handler, path string) {
			begun := time.Now()
			w := get(h, path)
			require.LessOrEqual(t, time.Since(begun), statusTime)
			require.Contains(t, []int{503, 200}, w.Code)
			require.Equal(t, path == "/readyz", w.Code == 503)
		}
		var all sync.WaitGroup
		for range 15 {
			all.Go(func() { ask(s.Handler(), "/readyz") })
			all.Go(func() { ask(s.AdminHandler(""), "/readyz") })
			all.Go(func() { ask(s.AdminHandler(""), "/status") })
			all.Go(func() { ask(s.AdminHandler(""), "/metrics") })
		}
		all.Wait()
		require.EqualValues(t, 1, looks.Load())
		// Callers who come one after another share too.
		for range 100 {
			all.Go(func() { ask(s.Handler(), "/readyz") })
			time.Sleep(70 * time.Millisecond)
		}
		all.Wait()
		require.EqualValues(t, 1, most.Load())
		_ = app.cache.Close()
	})
}

func TestOperatorsPathsAreNotPublic(t *testing.T) {
	s := serve(t, Options{}, newApp(t))
	for _, path := range []string{"/metrics", "/status", "/_dev/outbox", "/_dev/outbox.json"} {
		require.Equal(t, 404, get(s.Handler(), path).Code, path)
	}
}

func TestTheOperatorsListenerRequiresItsToken(t *testing.T) {
	s := serve(t, Options{}, newApp(t))
	admin := s.AdminHandler("operators-token")
	for _, path := range []string{"/metrics", "/status", "/readyz", "/healthz", "/nothing"} {
		require.Equal(t, 401, get(admin, path).Code, path)
		require.Equal(t, 401, get(admin, path, with("Authorization", "Bearer operators-toke")).Code, path)
		require.NotEqual(t, 401, get(admin, path, with("Authorization", "Bearer operators-token")).Code, path)
	}
	require.Equal(t, 200, get(s.AdminHandler(""), "/status").Code)
	w := httptest.NewRecorder()
	s.AdminHandler("").ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/status", nil))
	require.Equal(t, 405, w.Code)
}

func TestMetricsHaveFewLabels(t *testing.T) {
	app := newApp(t, echo("a.b"), &standIn{name: "c", functions: map[string]serveFunc{
		"f": func(context.Context, element.Args) (any, error) { return nil, errcode.New("WHATEVER", "x") },
	}})
	app.state = runtime.Status{
		Elements: 2,
		Plugins:  []runtime.Plugin{{Type: "SMS.Http", State: "ready", Restarts: 3, InFlight: 1}, {Type: "SMS.Http", State: "draining"}},
		Stores:   []runtime.Store{{Element: "caches.Default", Ready: true}},
		Problems: []runtime.Problem{{Element: "x", Code: "schema"}, {Element: "x", Code: "schema"}},
	}
	calls := NewCallMetrics()
	s := serve(t, Options{Calls: calls}, app)
	calls.Called("SMS.a", "SMS.Http", "sendMessage", time.Second, "SMS_REFUSED")
	calls.Called("SMS.a", "SMS.Http", "sendMessage", time.Second, "")
	calls.Called("SMS.a", "SMS.Http", "sendMessage", time.Second, "WHATEVER")
	for _, path := range []string{"a/b/echo", "a/b/echo", "a/b/x1", "a/b/x2", "x3/y", "c/f"} {
		s.do(newCall(path, "{}"))
	}
	text := get(s.AdminHandler(""), "/metrics").Body.String()
	for _, line := range []string{
		`lintel_plugin_state{state="ready",type="SMS.Http"} 1`,
		`lintel_plugin_restarts_total{type="SMS.Http"} 3`,
		`lintel_store_ready{element="caches.Default"} 1`,
		`lintel_problems{code="schema",element="x"} 2`,
		`lintel_elements 2`,
		`lintel_calls_total{code="SMS_REFUSED",element="SMS.a",function="sendMessage",type="SMS.Http"} 1`,
		`lintel_calls_total{code="OK",element="SMS.a",function="sendMessage",type="SMS.Http"} 1`,
		`lintel_calls_total{code="other",element="SMS.a",function="sendMessage",type="SMS.Http"} 1`,
		`lintel_requests_total{code="OK",element="a.b",function="echo"} 2`,
		`lintel_requests_total{code="FUNCTION_NOT_FOUND",element="a.b",function=""} 2`,
		`lintel_requests_total{code="ELEMENT_NOT_FOUND",element="",function=""} 1`,
		`lintel_requests_total{code="INTERNAL",element="c",function="f"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.Equal(t, 4, strings.Count(text, "\nlintel_requests_total{"))
}
