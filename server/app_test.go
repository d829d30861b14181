package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	_ "github.com/lintel-run/lintel/elements/caches/MemoryType"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessionhttp"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	answers "github.com/lintel-run/lintel/elements/caches/idempotency"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/server/extension"
)

func TestMain(m *testing.M) {
	// net/http lingers half a second on a connection that it refused.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// serveFunc is a function of an element that stands in for a real one.
type serveFunc func(ctx context.Context, args element.Args) (any, error)

// standIn is an element made of functions.
type standIn struct {
	name, meta string
	functions  map[string]serveFunc
	// reads are functions that change nothing.
	reads map[string]bool
	// inside are functions for Call alone.
	inside map[string]serveFunc
}

func (e *standIn) FullName() string { return e.name }
func (e *standIn) Meta() string     { return e.meta }

func (e *standIn) Has(function string) bool { return e.inside[function] != nil }

func (e *standIn) Admit(ctx context.Context, function string, args runtime.Args) (bool, error) {
	if e.functions[function] == nil {
		_, err := e.Serve(ctx, function, args)
		return false, err
	}
	if args["refused"] != nil {
		return true, errcode.New(errcode.Params, "refused is not an argument")
	}
	return !e.reads[function], nil
}

func (e *standIn) Serve(ctx context.Context, function string, args runtime.Args) (json.RawMessage, error) {
	f := e.functions[function]
	if f == nil {
		return nil, errcode.New(errcode.FunctionNotFound, "%s has no function %q", e.name, function)
	}
	out, err := f(ctx, args)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func (e *standIn) Call(ctx context.Context, function string, _ ...any) (any, error) {
	return e.inside[function](ctx, nil)
}

// standInApp is an App made of stand-ins, with a real cache.
type standInApp struct {
	t        testing.TB
	info     runtime.Info
	elements map[string]*standIn
	auth     element.Instance
	cache    element.Instance

	mu    sync.Mutex
	state runtime.Status
	// look is what Status does first.
	look func(ctx context.Context)
}

func newApp(t testing.TB, elements ...*standIn) *standInApp {
	a := &standInApp{t: t, info: runtime.Info{AppID: "acme.shop"}, elements: map[string]*standIn{}, auth: &standInAuth{tokens: map[string]element.Caller{}}}
	for _, e := range elements {
		a.elements[e.name] = e
	}
	var err error
	a.cache, err = element.BuiltinOf("caches.MemoryType").Open(context.Background(), element.Env{
		Element: "caches.Default", AppID: a.info.AppID, Key: a.Key, Logger: slog.New(slog.DiscardHandler),
	}, json.RawMessage(`{}`))
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.cache.Close() })
	return a
}

func (a *standInApp) Info() runtime.Info { return a.info }

func (a *standInApp) Find(fullName string) (extension.Element, error) {
	if e, ok := a.elements[fullName]; ok {
		return e, nil
	}
	return nil, errcode.New(errcode.ElementNotFound, "no element %q", fullName)
}

func (a *standInApp) Select(selector string) ([]extension.Element, error) {
	var found []extension.Element
	for _, e := range a.elements {
		if "."+e.meta == selector {
			found = append(found, e)
		}
	}
	return found, nil
}

func (a *standInApp) Definitions() []runtime.Definition {
	var all []runtime.Definition
	for name := range a.elements {
		d, _ := a.GetElementDefine(name)
		all = append(all, *d)
	}
	return all
}

func (a *standInApp) GetElementDefine(fullName string) (*runtime.Definition, error) {
	d := &runtime.Definition{FullName: fullName}
	for name := range a.elements[fullName].functions {
		d.Functions = append(d.Functions, runtime.Function{Name: name})
	}
	return d, nil
}

func (a *standInApp) Builtin(fullName string) (element.Instance, func(), error) {
	if fullName == sessions.Official && a.auth != nil {
		return a.auth, func() {}, nil
	}
	return nil, nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "no %s", fullName)
}

func (a *standInApp) BuiltinDefault(string) (element.Instance, func(), error) {
	return a.cache, func() {}, nil
}

func (a *standInApp) PreviousKey(string) ([]byte, error) { return nil, nil }

func (a *standInApp) Key(purpose string) ([]byte, error) {
	sum := sha256.Sum256([]byte(purpose))
	return sum[:], nil
}

// Errors returns the codes of the official families.
func (a *standInApp) Errors() errortable.Table {
	all := errortable.Table{}
	for _, family := range []string{"SMS", "auths/loginTypes"} {
		text, err := os.ReadFile("../elements/" + family + "/Meta/errors.json")
		require.NoError(a.t, err)
		var declared struct{ Errors errortable.Table }
		require.NoError(a.t, json.Unmarshal(text, &declared))
		maps.Copy(all, declared.Errors)
	}
	return all
}

func (a *standInApp) Status(ctx context.Context) runtime.Status {
	if a.look != nil {
		a.look(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// standInAuth is a session service with a list of tokens.
type standInAuth struct {
	element.Instance
	tokens map[string]element.Caller
	ended  map[string]element.Caller
	err    error
	public string
}

func (s *standInAuth) Authenticate(_ context.Context, token string) (element.Caller, error) {
	if s.err != nil {
		return element.Caller{}, s.err
	}
	if who, ok := s.tokens[token]; ok {
		return who, nil
	}
	return element.Caller{}, errcode.New(errcode.LoginRequired, "nobody")
}

// Genuine accepts the tokens of ended sessions too.
func (s *standInAuth) Genuine(_ context.Context, token string) element.Caller {
	if who, ok := s.ended[token]; ok {
		return who
	}
	return s.tokens[token]
}

// Family reads "SESSION.N".
func (s *standInAuth) Family(token string) (string, int64, bool) {
	session, text, _ := strings.Cut(token, ".")
	n, err := strconv.ParseInt(text, 10, 64)
	return session, n, err == nil
}

func (s *standInAuth) JWKS(context.Context) ([]byte, error) { return []byte(`{"keys":[]}`), s.err }
func (s *standInAuth) PublicURL() string                    { return s.public }
func (s *standInAuth) SetPublicURL(p string) error          { s.public = p; return nil }

// stand is a server on a stand-in app, with its log.
type stand struct {
	*Server
	t   testing.TB
	app *standInApp
	log *bytes.Buffer
}

func serve(t testing.TB, o Options, app *standInApp) *stand {
	log := &bytes.Buffer{}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(&lockedWriter{w: log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	sessions, err := sessionhttp.New(app, o.PublicURL)
	require.NoError(t, err)
	o.Sessions, o.Answers = sessions, answers.In(app)
	o.Routes = append(o.Routes, sessions.Routes()...)
	s, err := newServer(app, o)
	require.NoError(t, err)
	return &stand{Server: s, t: t, app: app, log: log}
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// envelope has every field of an answer.
type envelope struct {
	Errcode   *int
	Errmsg    *string
	Code      string
	RequestID string
	SysTime   int64
	Duration  *int64
	Data      any
}

// newCall returns a call of a function; change may alter it.
func newCall(path, body string, change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://app.example/api/acme/shop/"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(r)
	}
	return r
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func (s *stand) do(r *http.Request) (*httptest.ResponseRecorder, envelope) {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	var e envelope
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		require.NoError(s.t, json.Unmarshal(w.Body.Bytes(), &e), w.Body.String())
	}
	return w, e
}

func echo(name string) *standIn {
	return &standIn{name: name, functions: map[string]serveFunc{
		"echo": func(_ context.Context, args element.Args) (any, error) { return args, nil },
	}}
}

func failing(err error) *standIn {
	return &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(context.Context, element.Args) (any, error) { return nil, err },
	}}
}
