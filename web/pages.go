// Package web is the pages of an app: signing in, the account, the description of
// the API. A page is a form that works by itself; its module only saves loading
// whole pages, counts seconds down and does what a captcha asks for.
//
// What the pages do, they do by calls of elements, as a client from outside would.
// They know neither sessions nor stores nor plugins. Of login Types they know the
// phone login: its functions are in phonelogin.go, its steps in login.go and
// account.go.
package web

import (
	"cmp"
	"io/fs"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/internal/seal"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/server/extension"
)

// Options are an operator's choices for the pages.
type Options struct {
	// RedirectOrigins are where ?redirect= may lead besides this site.
	RedirectOrigins []string
	// Locales holds NAME.json files of further languages; nil: none.
	Locales fs.FS
	// MaskPhone masks a phone number in E.164, as everything else that shows one.
	MaskPhone func(e164 string) string
}

// App is what the pages need of a runtime.App.
type App interface {
	Info() runtime.Info
	// Key derives a key from the app's secret.
	Key(purpose string) ([]byte, error)
}

// Pages serves the pages of one app. Its methods may be called from any goroutine.
type Pages struct {
	app     App
	flows   *flows
	locales *locales
	options Options
}

// New returns the pages of an app.
func New(app App, o Options) (*Pages, error) {
	key, err := seal.NewKey(app.Key, "web/flow")
	if err != nil {
		return nil, err
	}
	l, err := newLocales(o.Locales)
	if err != nil {
		return nil, err
	}
	return &Pages{app: app, flows: &flows{key}, locales: l, options: o}, nil
}

// Routes returns the paths of the pages.
func (p *Pages) Routes() []extension.Route {
	read := []string{http.MethodGet, http.MethodHead}
	page := func(pattern string, show, post func(extension.Request) error) extension.Route {
		route := extension.Route{Pattern: pattern, Methods: read}
		if post != nil {
			route.Methods = []string{http.MethodGet, http.MethodHead, http.MethodPost}
		}
		route.Serve = func(r extension.Request) error {
			serve := show
			if r.HTTP().Method == http.MethodPost {
				serve = post
			}
			if err := serve(r); err != nil {
				return p.showError(r, err)
			}
			return nil
		}
		return route
	}
	return []extension.Route{
		page("/login", p.login, p.postLogin),
		page("/account", p.account, p.postAccount),
		page("/docs", p.docs, nil),
		{Pattern: "/", Serve: p.rest},
		{Pattern: "/assets/{version}/{file}", Methods: read, Serve: serveAsset},
	}
}

// longestForm bounds a form.
const longestForm = 32 << 10

// readForm reads a posted form.
func readForm(r extension.Request) error {
	if !r.SameOrigin() {
		return errcode.New(errcode.Forbidden, "another origin's page can't act here")
	}
	r.HTTP().Body = http.MaxBytesReader(r.Writer(), r.HTTP().Body, longestForm)
	if err := r.HTTP().ParseForm(); err != nil {
		return errcode.New(errcode.Params, "the form can't be read")
	}
	return nil
}

// unavailable is the error of a page that lacks what an operator must look at.
func unavailable(what string) error {
	return errcode.Unavailable(errcode.OutcomeNotExecuted, "the %s is not available", what)
}

// isPerson reports whether a browser asks for a page.
func isPerson(r extension.Request) bool {
	return strings.Contains(r.HTTP().Header.Get("Accept"), "text/html")
}

// rest shows people where the pages are: at the app's first page, and at a path that
// nothing else serves. Programs get the error.
func (p *Pages) rest(r extension.Request) error {
	nothing := errcode.New(errcode.ElementNotFound, "there is nothing here")
	if !isPerson(r) {
		return nothing
	}
	v := p.newVisit(r)
	path := r.HTTP().URL.Path
	// Relative, as all links: the app may lie below a path that only a proxy knows.
	up := strings.Repeat("../", max(strings.Count(path, "/")-1, 0))
	m := &view{
		L: v.words, Langs: v.languages(), JS: up + assetURL("page.js"), Style: v.inlineStyle(), Up: up,
		Title: cmp.Or(p.app.Info().Title, p.app.Info().AppID),
	}
	if logins, err := r.Elements(loginSelector); err == nil {
		m.CanSignIn = len(logins) > 0
	}
	status := http.StatusOK
	if path != "/" {
		status = r.Failure(nothing).Status
		m.Note = v.words.T("noPage")
	}
	return v.render(status, "start.html", m)
}

// showError shows an error as a page to people; it returns the error where a
// program asked.
func (p *Pages) showError(r extension.Request, err error) error {
	if r.HTTP().Header.Get(pageHeader) == "" && !isPerson(r) {
		return err
	}
	failure := r.Failure(err)
	v := p.newVisit(r)
	v.query = r.HTTP().URL.Query()
	v.query.Del("lang")
	message := flashMessage{Key: "unavailable", Ref: failure.RequestID}
	switch failure.Status {
	case http.StatusNotFound:
		message = flashMessage{Key: "notHere"}
	case http.StatusForbidden:
		message = flashMessage{Key: "foreign"}
	}
	if failure.RetryAfter > 0 {
		r.Writer().Header().Set("Retry-After", itoa(failure.RetryAfter))
	}
	page := loginPage
	if strings.HasSuffix(r.HTTP().URL.Path, "/"+accountPage) {
		page = accountPage
	}
	return v.render(failure.Status, "error.html", &view{
		L: v.words, Langs: v.languages(), JS: assetURL("page.js"), Style: v.inlineStyle(),
		Action: v.url(page), Title: p.app.Info().Title, Note: v.words.message(message),
	})
}
