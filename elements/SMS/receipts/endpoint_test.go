package receipts

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/server/extension"
)

// reader is an app with one element, which notes what it is given to read.
type reader struct {
	extension.App
	given runtime.Args
}

func (r *reader) Key(string) ([]byte, error)             { return make([]byte, 32), nil }
func (r *reader) PreviousKey(string) ([]byte, error)     { return nil, nil }
func (r *reader) Find(string) (extension.Element, error) { return readerElement{r}, nil }

type readerElement struct{ *reader }

func (readerElement) FullName() string { return "SMS.a" }
func (readerElement) Meta() string     { return smscode.Family }
func (readerElement) Has(string) bool  { return true }
func (readerElement) Admit(context.Context, string, runtime.Args) (bool, error) {
	return false, nil
}
func (readerElement) Serve(context.Context, string, runtime.Args) (json.RawMessage, error) {
	return nil, nil
}

func (e readerElement) Call(_ context.Context, _ string, args ...any) (any, error) {
	e.given = args[0].(runtime.Args)
	return map[string]any{"reply": "ok"}, nil
}

// push is a request to the endpoint.
type push struct {
	extension.Request
	w http.ResponseWriter
	r *http.Request
}

func (p push) HTTP() *http.Request         { return p.r }
func (p push) Writer() http.ResponseWriter { return p.w }
func (p push) URL() string                 { return "https://app.example" + p.r.URL.RequestURI() }
func (p push) Label(string, string)        {}

// A push that a signed-in browser is led to send carries its credentials.
func TestCredentialsOfTheAppDontReachAParser(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		want   map[string][]string
	}{
		"cookies":     {http.Header{"Cookie": {"lintel_session_x=a1", "b=c"}, "X-Sign": {"s"}}, map[string][]string{"X-Sign": {"s"}}},
		"a token":     {http.Header{"Authorization": {"Bearer a1"}}, map[string][]string{}},
		"spelt":       {http.Header{"Authorization": {"bEARER a1"}}, map[string][]string{}},
		"alone":       {http.Header{"Authorization": {"Bearer"}}, map[string][]string{}},
		"a tab":       {http.Header{"Authorization": {"Bearer\ta1"}}, map[string][]string{}},
		"a password":  {http.Header{"Authorization": {"Basic eDp5"}}, map[string][]string{}},
		"for a proxy": {http.Header{"Proxy-Authorization": {"Basic eDp5"}}, map[string][]string{}},
		"a device":    {http.Header{"Lintel-Device": {"d"}}, map[string][]string{}},
		"the second":  {http.Header{"Authorization": {"SDK-HMAC-SHA256 Access=k", "Bearer a1"}}, map[string][]string{"Authorization": {"SDK-HMAC-SHA256 Access=k"}}},
		"a vendor's signature": {http.Header{"Authorization": {"SDK-HMAC-SHA256 Access=k, SignedHeaders=x, Signature=y"}},
			map[string][]string{"Authorization": {"SDK-HMAC-SHA256 Access=k, SignedHeaders=x, Signature=y"}}},
	} {
		t.Run(name, func(t *testing.T) {
			app := &reader{}
			e := NewEndpoint(app, func() string { return "" })
			path := strings.TrimPrefix(Path(make([]byte, 32), "SMS.a"), Prefix)
			r := httptest.NewRequest(http.MethodPost, Prefix+path, strings.NewReader("body"))
			r.SetPathValue("path", path)
			r.Header = c.header.Clone()
			w := httptest.NewRecorder()
			require.NoError(t, e.serve(push{w: w, r: r}))
			require.Equal(t, "ok", w.Body.String())
			require.Equal(t, c.want, app.given["header"])
			require.Equal(t, c.header, r.Header, "the request's own header is whole")
		})
	}
}
