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
)

// pageHeader is sent by the pages' module with its requests: the answer is then
// the page itself, and an address to go to stands in goHeader.
const (
	pageHeader = "Lintel-Page"
	goHeader   = "Lintel-Location"
)

// longestForm is what a form of these pages may hold.
const longestForm = 32 << 10

// Pages serves the pages of one app. Its methods may be called from any goroutine.
type Pages struct {
	site    Site
	flows   *flows
	locales *locales
	options Options
}

// New makes the pages of a site.
func New(site Site, o Options) (*Pages, error) {
	f, err := newFlows(site)
	if err != nil {
		return nil, err
	}
	l, err := newLocales(o.Locales)
	if err != nil {
		return nil, err
	}
	return &Pages{site: site, flows: f, locales: l, options: o}, nil
}

// loginConfig is what a login says of itself.
type loginConfig struct {
	Title         string         `json:"title"`
	Logo          string         `json:"logo"`
	Colors        colors         `json:"colors"`
	Regions       []string       `json:"regions"`
	DefaultRegion string         `json:"defaultRegion"`
	CallingCodes  map[string]int `json:"callingCodes"`
	CodeLength    int            `json:"codeLength"`
	CodeTTL       int            `json:"codeTTL"`
	AllowRegister bool           `json:"allowRegister"`
	CaptchaKind   string         `json:"captchaKind"`
}

// visit is one request for a page.
type visit struct {
	Visit
	pages  *Pages
	w      http.ResponseWriter
	r      *http.Request
	words  locale
	logins []loginLink
	login  string
	config loginConfig
	query  url.Values
	flow   flow
}

// loginLink is one login to choose.
type loginLink struct {
	Name, Title string
	Address     template.URL
	Current     bool
}

// open reads what every page needs. The flow is the caller's to read. false: the
// request is answered.
func (p *Pages) open(w http.ResponseWriter, r *http.Request) (*visit, bool) {
	who, err := p.site.Visit(w, r)
	if err != nil {
		p.refuse(w, r, err)
		return nil, false
	}
	v := &visit{Visit: who, pages: p, w: w, r: r, query: url.Values{}}
	asked := r.URL.Query()
	v.words = p.locales.choose(w, r, p.site)
	if to := destination(asked.Get("redirect"), p.options.RedirectOrigins); to != "" {
		v.query.Set("redirect", to)
	}
	names, err := p.site.PhoneLogins()
	if err == nil && len(names) == 0 {
		err = errcode.New(errcode.ElementNotFound, "the app has no phone login")
	}
	if err != nil {
		p.refuse(w, r, err)
		return nil, false
	}
	if wanted := asked.Get("login"); slices.Contains(names, wanted) {
		v.login = wanted
		v.query.Set("login", wanted)
	} else if used := v.lastUsed(); slices.Contains(names, used) {
		v.login = used
	}
	if !v.readLogins(names) {
		p.unavailable(w, r, "login")
		return nil, false
	}
	return v, true
}

// readLogins asks each login what it is like and settles on one: the wanted one,
// else the first that is available. false: there is none.
func (v *visit) readLogins(names []string) bool {
	wish, found := v.login, false
	for _, name := range names {
		var c loginConfig
		if v.ask(name, "getLoginConfig", nil, "", &c) != nil {
			continue
		}
		if c.Title == "" {
			c.Title = v.pages.site.AppTitle()
		}
		if name == wish || !found && !v.query.Has("login") {
			v.login, v.config, found = name, c, true
		}
		q := url.Values{"login": {name}}
		if to := v.query.Get("redirect"); to != "" {
			q.Set("redirect", to)
		}
		v.logins = append(v.logins, loginLink{Name: name, Title: c.Title, Address: queryOf(q)})
	}
	for i := range v.logins {
		v.logins[i].Current = v.logins[i].Name == v.login
	}
	return found
}

// loginCookie has the login that somebody signed in by: their account goes on with
// the numbers and the limits of that one.
const (
	loginCookie     = "lintel_login"
	loginCookieLife = 180 * 24 * time.Hour
)

func (v *visit) lastUsed() string {
	name, _ := v.pages.site.Cookie(v.r, loginCookie)
	if c, err := v.r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

// remember the login, where there are several.
func (v *visit) remember() {
	if len(v.logins) < 2 {
		return
	}
	name, secure := v.pages.site.Cookie(v.r, loginCookie)
	http.SetCookie(v.w, &http.Cookie{ //nolint:gosec // G124: Secure wherever the client's connection is https
		Name: name, Value: v.login, Path: "/", MaxAge: int(loginCookieLife / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	})
}

// ask calls a function and reads its answer.
func (v *visit) ask(fullName, function string, args map[string]any, key string, into any) *Failure {
	if args == nil {
		args = map[string]any{}
	}
	data, failed := v.Call(fullName, function, args, key)
	if failed == nil && into != nil && json.Unmarshal(data, into) != nil {
		return &Failure{Code: string(errcode.Internal)}
	}
	return failed
}

// do is ask for what changes something: the form's key and the arguments name the
// request, so a form that is sent twice does its work once.
func (v *visit) do(fullName, function string, args map[string]any, into any) *Failure {
	text, err := json.Marshal([]any{v.r.PostForm.Get("key"), fullName, function, args})
	if err != nil {
		return &Failure{Code: string(errcode.Internal)}
	}
	digest := sha256.Sum256(text)
	return v.ask(fullName, function, args, base64.RawURLEncoding.EncodeToString(digest[:]), into)
}

// form reads a posted form; false: the request is answered.
func (p *Pages) form(w http.ResponseWriter, r *http.Request) bool {
	if !p.site.SameOrigin(r) {
		p.refuse(w, r, errcode.New(errcode.Forbidden, "another origin's page can't act here"))
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		p.refuse(w, r, errcode.New(errcode.Params, "the form can't be read"))
		return false
	}
	return true
}

// field gives what stands in a form's field.
func (v *visit) field(name string) string { return shorten(v.r.PostForm.Get(name), 400) }

// say leaves a message for the page that comes next.
func (v *visit) say(n note) { v.flow.Message = n }

func (v *visit) fail(f *Failure) { v.say(noteOf(f)) }

// again shows the page as it is now: to the module at once, to anybody else by a
// redirect, so that a reload sends no form again.
func (v *visit) again(page string, show func(*visit)) {
	if v.r.Header.Get(pageHeader) != "" {
		show(v)
		return
	}
	v.pages.flows.write(v.w, v.r, v.flow)
	v.redirect(v.address(page))
}

// leave ends the flow and goes elsewhere.
func (v *visit) leave(to string) {
	v.flow = flow{}
	v.pages.flows.write(v.w, v.r, v.flow)
	if v.r.Header.Get(pageHeader) != "" {
		v.w.Header().Set(goHeader, to)
		v.w.WriteHeader(http.StatusNoContent)
		return
	}
	v.redirect(to)
}

// redirect is relative where the address is: the app may lie below a path that
// only a proxy knows.
func (v *visit) redirect(to string) {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}

// address is a page's, with what this visit carries along.
func (v *visit) address(page string) string {
	if q := v.query.Encode(); q != "" {
		return page + "?" + q
	}
	return page
}

// newKey names a form.
func newKey() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// queryOf is an address on this page.
func queryOf(q url.Values) template.URL {
	return template.URL("?" + q.Encode()) //nolint:gosec // G203: Encode leaves nothing that ends an attribute
}
