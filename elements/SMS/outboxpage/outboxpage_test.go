package outboxpage

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/server/extension"
)

// outbox is an element that holds messages.
type outbox struct {
	extension.Element
	messages []any
	err      error
}

func (o *outbox) Has(function string) bool { return function == "messages" }

func (o *outbox) Call(context.Context, string, ...any) (any, error) { return o.messages, o.err }

// vendor is an SMS element that holds nothing.
type vendor struct{ extension.Element }

func (vendor) Has(string) bool { return false }

// twoOutboxes is an app with two outboxes.
type twoOutboxes struct {
	t    *testing.T
	list []extension.Element
}

func (a twoOutboxes) Select(selector string) ([]extension.Element, error) {
	require.Equal(a.t, ".SMS.Meta", selector)
	return a.list, nil
}

func newApp(t *testing.T) twoOutboxes {
	sent := func(at, code string) any {
		return map[string]any{"time": at, "vendor": "SMS.x", "phone": "+8613800138000", "template": "T", "params": map[string]any{"code": code}, "text": "<b>"}
	}
	return twoOutboxes{t, []extension.Element{
		&outbox{messages: []any{sent("2026-11-21T02:00:00Z", "111111"), sent("2026-11-21T04:00:00.5+01:00", "333333")}},
		&outbox{messages: []any{sent("2026-11-21T02:30:00Z", "222222")}},
		vendor{},
	}}
}

// visit is a request as the server hands it on.
type visit struct {
	extension.Request
	w http.ResponseWriter
	r *http.Request
}

func (v visit) HTTP() *http.Request         { return v.r }
func (v visit) Writer() http.ResponseWriter { return v.w }

func (a twoOutboxes) get(path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+path, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	for _, route := range Routes(a) {
		if route.Pattern != path {
			continue
		}
		if err := route.Serve(visit{w: w, r: r}); err != nil {
			require.ErrorIs(a.t, err, errcode.Forbidden)
			w.WriteHeader(http.StatusForbidden)
		}
	}
	return w
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestMessagesOfAllOutboxesComeNewestFirst(t *testing.T) {
	app := newApp(t)
	w := app.get("/_dev/outbox.json")
	require.Equal(t, 200, w.Code)
	var list []map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	var order []any
	for _, m := range list {
		order = append(order, m["params"].(map[string]any)["code"])
	}
	require.Equal(t, []any{"333333", "222222", "111111"}, order)
	require.Len(t, list[0], 6)
	page := app.get("/_dev/outbox")
	require.Equal(t, 200, page.Code)
	require.Contains(t, page.Header().Get("Content-Type"), "text/html")
	require.Contains(t, page.Body.String(), "222222")
	require.NotContains(t, page.Body.String(), "<td><b>\n", "texts are escaped")
	require.Contains(t, page.Body.String(), "&lt;b&gt;")
}

func TestTheRestShowsWhenOneOutboxIsBroken(t *testing.T) {
	app := newApp(t)
	app.list[0].(*outbox).err = errcode.Unavailable(errcode.OutcomeNotExecuted, "it is broken")
	w := app.get("/_dev/outbox.json")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "222222")
}

func TestMessagesAreForThisMachineOnly(t *testing.T) {
	app := newApp(t)
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
				w := app.get(path, c.change)
				require.Equal(t, c.status, w.Code)
				if c.status != 200 {
					require.NotContains(t, w.Body.String(), "111111")
				}
			}
		})
	}
}
