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

	"github.com/lintel-run/lintel/plugins/errcode"
)

// fakeSite answers calls as a test wants.
type fakeSite struct {
	signedIn bool
	secure   bool
	foreign  bool
	logins   []string
	down     string
	answers  map[string]func(args map[string]any) (any, *Failure)
	keys     []string
	called   []string
}

func (s *fakeSite) AppID() string    { return "acme.shop" }
func (s *fakeSite) AppTitle() string { return "Shop" }
func (s *fakeSite) PhoneLogins() ([]string, error) {
	if s.logins != nil {
		return s.logins, nil
	}
	return []string{"a.login"}, nil
}
func (s *fakeSite) SameOrigin(*http.Request) bool { return !s.foreign }
func (s *fakeSite) Cookie(_ *http.Request, name string) (string, bool) {
	return name, s.secure
}
func (s *fakeSite) Key(string) ([]byte, error) { return make([]byte, 32), nil }
func (s *fakeSite) Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusForbidden)
}
func (s *fakeSite) Failure(_ *http.Request, err error) (int, *Failure) {
	var e *errcode.Error
	if errors.As(err, &e) && e.Code == errcode.Forbidden {
		return http.StatusForbidden, &Failure{Code: string(e.Code), RequestID: "req-1"}
	}
	return http.StatusServiceUnavailable, &Failure{Code: "STORE_UNAVAILABLE", RequestID: "req-1", Wait: 1}
}
func (s *fakeSite) Visit(http.ResponseWriter, *http.Request) (Visit, error) { return s, nil }
func (s *fakeSite) SignedIn() bool                                          { return s.signedIn }

func (s *fakeSite) Call(fullName, function string, args map[string]any, key string) (json.RawMessage, *Failure) {
	if key != "" {
		s.keys = append(s.keys, key)
	}
	s.called = append(s.called, function)
	if fullName == s.down {
		return nil, &Failure{Code: "ELEMENT_UNAVAILABLE"}
	}
	var answer any = map[string]any{}
	if function == "getLoginConfig" {
		answer = map[string]any{"title": "Login", "codeLength": 6, "regions": []string{"CN"}, "callingCodes": map[string]int{"CN": 86}, "defaultRegion": "CN", "allowRegister": true}
	}
	if f := s.answers[function]; f != nil {
		var failed *Failure
		if answer, failed = f(args); failed != nil {
			return nil, failed
		}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, &Failure{Code: "INTERNAL"}
	}
	return text, nil
}

func newPages(t *testing.T, s *fakeSite, o Options) *Pages {
	p, err := New(s, o)
	require.NoError(t, err)
	return p
}

// client keeps cookies between requests, as a browser without JavaScript does.
type client struct {
	t       *testing.T
	pages   *Pages
	cookies map[string]string
}

func newClient(t *testing.T, p *Pages) *client {
	return &client{t: t, pages: p, cookies: map[string]string{}}
}

func (c *client) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept-Language", "en")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	page, _, _ := strings.Cut(path, "?")
	map[string]http.HandlerFunc{
		"GET /login": c.pages.Login, "POST /login": c.pages.PostLogin,
		"GET /account": c.pages.Account, "POST /account": c.pages.PostAccount,
	}[method+" "+page](w, r)
	for _, set := range w.Result().Cookies() {
		c.cookies[set.Name] = set.Value
		if set.MaxAge < 0 {
			delete(c.cookies, set.Name)
		}
	}
	return w
}

// post sends a form and gives the page that follows.
func (c *client) post(path string, fields ...string) string {
	form := url.Values{"key": {"form-1"}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	w := c.ask(http.MethodPost, path, form)
	require.Equal(c.t, http.StatusSeeOther, w.Code, w.Body.String())
	return c.ask(http.MethodGet, path, nil).Body.String()
}
