package server

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func outboxApp(t *testing.T) *standInApp {
	holding := func(name string, messages ...any) *standIn {
		return &standIn{name: name, meta: "SMS.Outbox", inside: map[string]serveFunc{
			"messages": func(context.Context, element.Args) (any, error) { return messages, nil },
		}}
	}
	sent := func(at, code string) any {
		return map[string]any{"time": at, "vendor": "SMS.x", "phone": "+8613800138000", "template": "T", "params": map[string]any{"code": code}, "text": "<b>"}
	}
	app := newApp(t,
		holding("SMS.one", sent("2026-11-21T02:00:00Z", "111111"), sent("2026-11-21T04:00:00.5+01:00", "333333")),
		holding("SMS.two", sent("2026-11-21T02:30:00Z", "222222")))
	app.info.Dev = true
	return app
}

func TestOutboxIsMergedNewestFirst(t *testing.T) {
	s := serve(t, Options{}, outboxApp(t))
	w := get(s.Handler(), "/_dev/outbox.json")
	require.Equal(t, 200, w.Code)
	var list []map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	var order []any
	for _, m := range list {
		order = append(order, m["params"].(map[string]any)["code"])
	}
	require.Equal(t, []any{"333333", "222222", "111111"}, order)
	require.Len(t, list[0], 6)
	page := get(s.Handler(), "/_dev/outbox")
	require.Equal(t, 200, page.Code)
	require.Contains(t, page.Header().Get("Content-Type"), "text/html")
	require.Contains(t, page.Body.String(), "222222")
	require.NotContains(t, page.Body.String(), "<td><b>\n", "texts are escaped")
	require.Contains(t, page.Body.String(), "&lt;b&gt;")
}

func TestOutboxShowsTheRestWhenOneIsBroken(t *testing.T) {
	app := outboxApp(t)
	app.elements["SMS.one"].inside["messages"] = func(context.Context, element.Args) (any, error) {
		return nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "it is broken")
	}
	w := get(serve(t, Options{}, app).Handler(), "/_dev/outbox.json")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "222222")
}

func TestOutboxIsThisMachinesOnly(t *testing.T) {
	s := serve(t, Options{}, outboxApp(t))
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"localhost":       {host("localhost:8080"), 200},
		"localhost, bare": {host("LOCALHOST"), 200},
		"127.0.0.1":       {host("127.0.0.1:8080"), 200},
		"127.8.9.1":       {host("127.8.9.1"), 200},
		"::1":             {host("[::1]:8080"), 200},
		"::1, bare":       {host("[::1]"), 200},
		"rebound name":    {host("evil.example:8080"), 403},
		"name that looks": {host("127.0.0.1.evil.example"), 403},
		"localhost name":  {host("localhost.evil.example"), 403},
		"other address":   {host("192.168.0.2:8080"), 403},
		"no host":         {host(""), 403},
		"cross-site":      {with("Sec-Fetch-Site", "cross-site"), 403},
		"same-site":       {with("Sec-Fetch-Site", "same-site"), 403},
		"typed in":        {with("Sec-Fetch-Site", "none"), 200},
		"same-origin":     {with("Sec-Fetch-Site", "same-origin"), 200},
		"foreign origin":  {with("Origin", "http://evil.example"), 403},
		"another port":    {with("Origin", "http://localhost:9999"), 403},
		"own origin":      {with("Origin", "http://localhost:8080"), 200},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/_dev/outbox", "/_dev/outbox.json"} {
				w := get(s.Handler(), path, c.change)
				require.Equal(t, c.status, w.Code)
				if c.status != 200 {
					require.NotContains(t, w.Body.String(), "111111")
				}
			}
		})
	}
}
