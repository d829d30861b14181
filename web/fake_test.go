package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

type failure = extension.Failure

// fakeSite answers calls as a test wants.
type fakeSite struct {
	signedIn bool
	secure   bool
	foreign  bool
	logins   []string
	down     string
	answers  map[string]func(args map[string]any) (any, *failure)
	keys     []string
	called   []string
}

func (s *fakeSite) Info() runtime.Info                 { return runtime.Info{AppID: "acme.shop", Title: "Shop"} }
func (s *fakeSite) PreviousKey(string) ([]byte, error) { return nil, nil }

func (s *fakeSite) Key(string) ([]byte, error) { return make([]byte, 32), nil }

// fakeRequest is a request to a fakeSite.
type fakeRequest struct {
	*fakeSite
	w http.ResponseWriter
	r *http.Request
}

func (q fakeRequest) HTTP() *http.Request         { return q.r }
func (q fakeRequest) Writer() http.ResponseWriter { return q.w }
func (q fakeRequest) URL() string                 { return q.r.URL.String() }
func (q fakeRequest) Label(string, string)        {}
func (q fakeRequest) SameOrigin() bool            { return !q.foreign }
func (q fakeRequest) SignIn() (bool, error)       { return q.signedIn, nil }

func (q fakeRequest) CookieName(name string) (string, bool) { return name, q.secure }

func (q fakeRequest) Elements(string) ([]string, error) {
	if q.logins != nil {
		return q.logins, nil
	}
	return []string{"a.login"}, nil
}

func (q fakeRequest) Failure(err error) *failure {
	if errors.Is(err, errcode.Forbidden) {
		return &failure{Code: string(errcode.Forbidden), Status: http.StatusForbidden, RequestID: "req-1"}
	}
	if errors.Is(err, errcode.ElementNotFound) {
		return &failure{Code: string(errcode.ElementNotFound), Status: http.StatusNotFound, RequestID: "req-1"}
	}
	return &failure{Code: "STORE_UNAVAILABLE", Status: http.StatusServiceUnavailable, RequestID: "req-1", RetryAfter: 1}
}

func (q fakeRequest) Call(fullName, function string, args element.Args, key string) (json.RawMessage, *failure) {
	if key != "" {
		q.keys = append(q.keys, key)
	}
	q.called = append(q.called, function)
	if fullName == q.down {
		return nil, &failure{Code: "ELEMENT_UNAVAILABLE"}
	}
	var answer any = map[string]any{}
	if function == "getLoginConfig" {
		answer = map[string]any{"title": "Login", "codeLength": 6, "regions": []string{"CN"}, "callingCodes": map[string]int{"CN": 86}, "defaultRegion": "CN", "allowRegister": true}
	}
	if f := q.answers[function]; f != nil {
		var failed *failure
		if answer, failed = f(args); failed != nil {
			return nil, failed
		}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, &failure{Code: "INTERNAL"}
	}
	return text, nil
}

// site is the pages of a fakeSite.
type site struct {
	*fakeSite
	pages *Pages
	mux   *http.ServeMux
}

func newSite(t *testing.T, s *fakeSite, o Options) *site {
	o.MaskPhone = phone.Mask
	p, err := New(s, o)
	require.NoError(t, err)
	mux := http.NewServeMux()
	for _, route := range p.Routes() {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			if route.Methods != nil {
				require.Contains(t, route.Methods, r.Method)
			}
			if err := route.Serve(fakeRequest{s, w, r}); err != nil {
				http.Error(w, err.Error(), http.StatusForbidden)
			}
		})
	}
	return &site{s, p, mux}
}

// get requests a page, with headers by name and value.
func (s *site) get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

// client keeps cookies between requests, as a browser without JavaScript does.
type client struct {
	t       *testing.T
	site    *site
	cookies map[string]string
}

func newClient(t *testing.T, s *site) *client {
	return &client{t: t, site: s, cookies: map[string]string{}}
}

func (c *client) request(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept-Language", "en")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	c.site.mux.ServeHTTP(w, r)
	for _, set := range w.Result().Cookies() {
		c.cookies[set.Name] = set.Value
		if set.MaxAge < 0 {
			delete(c.cookies, set.Name)
		}
	}
	return w
}

// post sends a form and returns the page that follows.
func (c *client) post(path string, fields ...string) string {
	form := url.Values{"key": {"form-1"}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	w := c.request(http.MethodPost, path, form)
	require.Equal(c.t, http.StatusSeeOther, w.Code, w.Body.String())
	return c.request(http.MethodGet, path, nil).Body.String()
}
