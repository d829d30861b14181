package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// view is what a page shows.
type view struct {
	L          locale
	Langs      []langLink
	Action, JS string
	Words      string
	// Style is the stylesheet, in the page itself: a round trip less before the
	// first paint. The module's requests get none.
	Style              template.CSS
	App, AppTitle      string
	Title              string
	Logo               template.URL
	Logins             []loginLink
	Step               step
	Key                string
	Note               string
	Good               bool
	Error              bool
	Phone, Masked      string
	Countries          []country
	Region             string
	Digits             int
	Boxes              []struct{}
	Wait               int64
	Corps              []corp
	Nick               string
	Puzzle             *puzzle
	Challenge          string
	Image, Audio       template.URL
	Retry              string
	User               profile
	CorpName           string
	Sessions           []device
	Others             bool
	CanBind, HasTicket bool
}

type langLink struct {
	Tag, Name string
	Address   template.URL
	Current   bool
}

type country struct {
	Region  string
	Calling int
	Chosen  bool
}

// view gathers what all pages show.
func (v *visit) view(page string) *view {
	m := &view{
		L: v.words, Action: v.address(page), JS: assetAddress("page.js"), Style: template.CSS(v.style()), //nolint:gosec // G203: of this package
		App: v.pages.site.AppID(), AppTitle: v.pages.site.AppTitle(), Title: v.config.Title, Logins: v.logins, Step: v.flow.Step, Key: newKey(),
		Phone: v.flow.Phone, Masked: maskTyped(v.phone(), v.config.CallingCodes[v.callingRegion()]), Region: v.flow.Region,
		Digits: v.config.CodeLength, Boxes: make([]struct{}, v.config.CodeLength), Wait: v.flow.wait(), Corps: v.flow.Corps, Nick: v.flow.Nick, Retry: v.flow.Retry,
		HasTicket: v.flow.Ticket != "",
	}
	if logo, ok := logoOf(v.config.Logo); ok {
		m.Logo = logo
	}
	if m.Region == "" {
		m.Region = v.config.DefaultRegion
	}
	if len(v.config.Regions) > 1 {
		for _, region := range v.config.Regions {
			m.Countries = append(m.Countries, country{region, v.config.CallingCodes[region], region == m.Region})
		}
	}
	m.Langs = v.langs()
	if v.flow.Captcha != "" {
		if m.Puzzle = v.puzzle(); m.Puzzle != nil {
			m.Image, m.Audio = dataOf(m.Puzzle.Image, "image/"), dataOf(m.Puzzle.Audio, "audio/")
			m.Challenge, m.Step = string(m.Puzzle.Challenge), "captcha"
		}
	}
	if n := v.flow.Message; n.Key != "" {
		m.Note, m.Good, m.Error = v.words.say(n), n.Good, !n.Good
	}
	return m
}

// langs are the languages to switch to.
func (v *visit) langs() (links []langLink) {
	for _, one := range v.pages.locales.all {
		q := url.Values{"lang": {one.Tag}}
		for name, values := range v.query {
			q[name] = values
		}
		links = append(links, langLink{one.Tag, one.Name(), queryOf(q), one.Tag == v.words.Tag})
	}
	return links
}

// dataOf lets a data URI through, of the kind that a captcha may have.
func dataOf(text, kind string) template.URL {
	if strings.HasPrefix(text, "data:"+kind) && strings.Contains(text, ";base64,") {
		return template.URL(text) //nolint:gosec // G203: checked to be data of a harmless kind
	}
	return ""
}

// logoOf lets a logo through: a picture in itself, or the address of one.
func logoOf(text string) (template.URL, bool) {
	switch {
	case strings.HasPrefix(text, "data:image/"), strings.HasPrefix(text, "https://"),
		strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"):
		return template.URL(text), true //nolint:gosec // G203: a picture's address, from the configuration
	}
	return "", false
}

func showLogin(v *visit) {
	v.write("login.html", v.view(loginPage))
}

func (a *account) show() {
	m := a.view(accountPage)
	m.User = a.user
	for _, c := range a.user.CorpList {
		if c.ID == a.user.CorpID {
			m.CorpName = c.Name
		}
	}
	if m.Step == "" {
		if failed := a.ask(SessionService, "sessions", nil, "", &a.sessions); failed != nil && m.Note == "" {
			m.Note, m.Error = a.words.say(noteOf(failed)), true
		}
		// This one first, then the newest.
		slices.SortStableFunc(a.sessions, func(x, y device) int {
			if x.Current != y.Current {
				if x.Current {
					return -1
				}
				return 1
			}
			return strings.Compare(y.LastSeen, x.LastSeen)
		})
		m.Sessions, m.Others = a.sessions, len(a.sessions) > 1
	}
	a.write("account.html", m)
}

// write sends a page; what it says is said once.
func (v *visit) write(name string, m *view) {
	v.flow.Message = note{}
	v.pages.flows.write(v.w, v.r, v.flow)
	v.answer(http.StatusOK, name, m)
}

// answer sends a page.
func (v *visit) answer(status int, name string, m *view) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, m); err != nil {
		v.pages.site.Refuse(v.w, v.r, err)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.words.Tag)
	h.Set("Vary", "Accept-Language, Cookie, "+pageHeader)
	h.Set("Content-Security-Policy", v.policy())
	send(v.w, v.r, status, text.Bytes())
}

// css is the stylesheet with the login's colours.
func (v *visit) css() string { return string(assets["page.css"].text) + themed(v.config.Colors) }

// style is css, for pages that have none yet.
func (v *visit) style() string {
	if v.r.Header.Get(pageHeader) != "" {
		return ""
	}
	return v.css()
}

// policy lets a page load its own files, show its captcha, and lead to where it
// may lead: browsers hold a form's redirect to form-action as well.
func (v *visit) policy() string {
	digest := sha256.Sum256([]byte(v.css()))
	images := "'self' data:"
	if u, err := url.Parse(v.config.Logo); err == nil && u.Scheme == "https" && u.Host != "" && !strings.ContainsAny(u.Host, ";, '\"") {
		images += " " + originOf(u)
	}
	forms := strings.Join(append([]string{"'self'"}, v.pages.options.RedirectOrigins...), " ")
	return "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; img-src " + images +
		"; media-src 'self' data:; connect-src 'self'; form-action " + forms + "; base-uri 'none'; frame-ancestors 'none'"
}

// Digits64 is how long a code is, as texts take numbers.
func (m *view) Digits64() int64 { return int64(m.Digits) }
