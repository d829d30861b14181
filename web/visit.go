package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/server/extension"
)

// The pages' module sends pageHeader with its requests. The answer is then the
// page itself, and an address to go to is in goHeader.
const (
	pageHeader = "Lintel-Page"
	goHeader   = "Lintel-Location"
)

// visit is one request for a page.
type visit struct {
	extension.Request
	pages    *Pages
	words    locale
	signedIn bool
	logins   []loginLink
	login    string
	config   loginConfig
	query    url.Values
	flow     flow
}

// loginLink is a login to choose.
type loginLink struct {
	Name, Title string
	Address     template.URL
	Current     bool
}

func (p *Pages) newVisit(r extension.Request) *visit {
	return &visit{Request: r, pages: p, words: p.locales.choose(r), query: url.Values{}}
}

// open reads what every page needs, but for the flow.
func (p *Pages) open(r extension.Request) (*visit, error) {
	signedIn, err := r.SignIn()
	if err != nil {
		return nil, err
	}
	v := p.newVisit(r)
	v.signedIn = signedIn
	requested := r.HTTP().URL.Query()
	if to := destination(requested.Get("redirect"), p.options.RedirectOrigins); to != "" {
		v.query.Set("redirect", to)
	}
	names, err := r.Elements(loginSelector)
	if err == nil && len(names) == 0 {
		err = errcode.New(errcode.ElementNotFound, "the app has no phone login")
	}
	if err != nil {
		return nil, err
	}
	if login := requested.Get("login"); slices.Contains(names, login) {
		v.login = login
		v.query.Set("login", login)
	} else if used := v.lastUsed(); slices.Contains(names, used) {
		v.login = used
	}
	if !v.readLogins(names) {
		return nil, unavailable("login")
	}
	return v, nil
}

// readLogins reads the configuration of each login and selects one: the requested
// one, else the first that is available. It reports whether there is one.
func (v *visit) readLogins(names []string) bool {
	requested, found := v.login, false
	for _, name := range names {
		var c loginConfig
		if v.read(name, "getLoginConfig", nil, &c) != nil {
			continue
		}
		if c.Title == "" {
			c.Title = v.pages.app.Info().Title
		}
		if name == requested || !found && !v.query.Has("login") {
			v.login, v.config, found = name, c, true
		}
		q := url.Values{"login": {name}}
		if to := v.query.Get("redirect"); to != "" {
			q.Set("redirect", to)
		}
		v.logins = append(v.logins, loginLink{Name: name, Title: c.Title, Address: queryURL(q)})
	}
	for i := range v.logins {
		v.logins[i].Current = v.logins[i].Name == v.login
	}
	return found
}

// loginCookie holds the login that somebody signed in by: their account goes on
// with its phone numbers and limits.
const (
	loginCookie     = "lintel_login"
	loginCookieLife = 180 * 24 * time.Hour
)

func (v *visit) lastUsed() string {
	name, _ := v.CookieName(loginCookie)
	if c, err := v.HTTP().Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

// rememberLogin keeps the login in a cookie, where there are several.
func (v *visit) rememberLogin() {
	if len(v.logins) > 1 {
		setCookie(v, loginCookie, v.login, loginCookieLife)
	}
}

// setCookie sets a cookie of the pages; life < 0 deletes it.
func setCookie(r extension.Request, name, value string, life time.Duration) {
	full, secure := r.CookieName(name)
	cookie := &http.Cookie{ //nolint:gosec // G124: Secure wherever the client's connection is https
		Name: full, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure, MaxAge: int(life / time.Second),
	}
	if life < 0 {
		cookie.MaxAge = -1
	}
	http.SetCookie(r.Writer(), cookie)
}

// read calls a function that changes nothing, and decodes its answer.
func (v *visit) read(fullName, function string, args map[string]any, into any) *extension.Failure {
	return v.call(fullName, function, args, "", into)
}

// change calls a function that changes something. The form's key and the arguments
// name the call, so that a form that is sent twice does its work once.
func (v *visit) change(fullName, function string, args map[string]any, into any) *extension.Failure {
	text, err := json.Marshal([]any{v.HTTP().PostForm.Get("key"), fullName, function, args})
	if err != nil {
		return &extension.Failure{Code: string(errcode.Internal)}
	}
	digest := sha256.Sum256(text)
	return v.call(fullName, function, args, base64.RawURLEncoding.EncodeToString(digest[:]), into)
}

func (v *visit) call(fullName, function string, args map[string]any, key string, into any) *extension.Failure {
	if args == nil {
		args = map[string]any{}
	}
	answer, failure := v.Call(fullName, function, args, key)
	if failure == nil && into != nil && json.Unmarshal(answer, into) != nil {
		return &extension.Failure{Code: string(errcode.Internal)}
	}
	return failure
}

// field returns the value of a form's field.
func (v *visit) field(name string) string { return shorten(v.HTTP().PostForm.Get(name), 400) }

// flash leaves a message for the next page.
func (v *visit) flash(m flashMessage) { v.flow.Message = m }

func (v *visit) flashFailure(f *extension.Failure) { v.flash(messageOf(f)) }

// redisplay shows the page as it is now: to the module at once, to a browser
// without it by a redirect, so that a reload sends no form again.
func (v *visit) redisplay(page string, show func() error) error {
	if v.HTTP().Header.Get(pageHeader) != "" {
		return show()
	}
	v.pages.flows.write(v, v.flow)
	v.redirect(v.url(page))
	return nil
}

// goTo ends the flow and leads elsewhere.
func (v *visit) goTo(address string) {
	v.flow = flow{}
	v.pages.flows.write(v, v.flow)
	if v.HTTP().Header.Get(pageHeader) != "" {
		v.Writer().Header().Set(goHeader, address)
		v.Writer().WriteHeader(http.StatusNoContent)
		return
	}
	v.redirect(address)
}

// redirect keeps a relative address relative: the app may lie below a path that
// only a proxy knows.
func (v *visit) redirect(address string) {
	v.Writer().Header().Set("Location", address)
	v.Writer().WriteHeader(http.StatusSeeOther)
}

// url returns the address of a page, with what this visit carries along.
func (v *visit) url(page string) string {
	if q := v.query.Encode(); q != "" {
		return page + "?" + q
	}
	return page
}

// newKey returns a name for a form.
func newKey() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// queryURL returns a relative address with a query.
func queryURL(q url.Values) template.URL {
	return template.URL("?" + q.Encode()) //nolint:gosec // G203: Encode leaves nothing that ends an attribute
}
