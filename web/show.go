package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/server/extension"
)

//go:embed templates/*.html
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// view is the data of a page's template.
type view struct {
	L          locale
	Langs      []langLink
	Action, JS string
	Words      string
	// Style is the stylesheet, in the page itself: that saves a round trip before
	// the first paint. The module's requests get none.
	Style         template.CSS
	App, AppTitle string
	Title         string
	Logo          template.URL
	Logins        []loginLink
	Step          step
	Key           string
	// Note is the flash message; Error: it is no news.
	Note          string
	Error         bool
	Phone, Masked string
	Countries     []country
	Digits        int
	Boxes         []struct{} // one a digit
	Wait          int64
	Corps         []corp
	Nick          string
	Consent       *consent
	Captcha       *captcha
	Challenge     string
	Image, Audio  template.URL
	Retry         string
	User          profile
	CorpName      string
	Sessions      []device
	Others        bool // there are other sessions
	// Calling is the calling code of the only region, else 0.
	Calling int
	// Up leads from the path to the app's first page. CanSignIn: there is a login.
	Up        string
	CanSignIn bool
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

// view returns what all pages show.
func (v *visit) view(page string) *view {
	app := v.pages.app.Info()
	m := &view{
		L: v.words, Action: v.url(page), JS: assetURL("page.js"), Style: v.inlineStyle(),
		App: app.AppID, AppTitle: app.Title, Title: v.config.Title, Logins: v.logins, Step: v.flow.Step, Key: newKey(),
		Phone: v.flow.Phone, Masked: v.pages.mask(v.phone(), v.config.CallingCodes[v.region()]),
		Digits: v.config.CodeLength, Boxes: make([]struct{}, v.config.CodeLength), Wait: v.flow.wait(), Corps: v.flow.Corps, Nick: v.flow.Nick, Retry: v.flow.Retry,
		Logo: logoURL(v.config.Logo), Langs: v.languages(),
	}
	if len(v.config.Regions) == 1 {
		m.Calling = v.config.CallingCodes[v.config.Regions[0]]
	}
	if len(v.config.Regions) > 1 {
		for _, region := range v.config.Regions {
			m.Countries = append(m.Countries, country{region, v.config.CallingCodes[region], region == v.region()})
		}
	}
	if v.flow.Captcha != "" {
		if m.Captcha = v.newCaptcha(); m.Captcha != nil {
			m.Image, m.Audio = dataURL(m.Captcha.Image, "image/"), dataURL(m.Captcha.Audio, "audio/")
			m.Challenge, m.Step = string(m.Captcha.Challenge), "captcha"
		}
	}
	if n := v.flow.Message; n.Key != "" {
		m.Note, m.Error = v.words.message(n), !n.Good
	}
	return m
}

// languages returns the languages to switch to.
func (v *visit) languages() (links []langLink) {
	for _, one := range v.pages.locales.all {
		q := url.Values{"lang": {one.Tag}}
		for name, values := range v.query {
			q[name] = values
		}
		links = append(links, langLink{one.Tag, one.Name(), queryURL(q), one.Tag == v.words.Tag})
	}
	return links
}

// dataURL returns a data URI of a harmless kind, as a captcha has, else "".
func dataURL(text, kind string) template.URL {
	if strings.HasPrefix(text, "data:"+kind) && strings.Contains(text, ";base64,") {
		return template.URL(text) //nolint:gosec // G203: checked to be data of a harmless kind
	}
	return ""
}

// logoURL returns a logo that is a picture or the address of one, else "".
func logoURL(text string) template.URL {
	switch {
	case strings.HasPrefix(text, "data:image/"), strings.HasPrefix(text, "https://"),
		strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"):
		return template.URL(text) //nolint:gosec // G203: a picture's address, from the configuration
	}
	return ""
}

func (v *visit) showLogin() error {
	m := v.view(loginPage)
	m.Consent = v.consent()
	return v.show("login.html", m)
}

func (a *account) show() error {
	m := a.view(accountPage)
	m.User = a.user
	for _, c := range a.user.CorpList {
		if c.ID == a.user.CorpID {
			m.CorpName = c.Name
		}
	}
	if m.Step == "" {
		if failure := a.read(sessionService, "sessions", nil, &a.sessions); failure != nil && m.Note == "" {
			m.Note, m.Error = a.words.message(messageOf(failure)), true
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
	return a.visit.show("account.html", m)
}

// show sends a page; its message is shown once.
func (v *visit) show(name string, m *view) error {
	v.flow.Message = flashMessage{}
	v.pages.flows.write(v, v.flow)
	return v.render(http.StatusOK, name, m)
}

// render sends a template's page.
func (v *visit) render(status int, name string, m *view) error {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, m); err != nil {
		return err
	}
	h := v.Writer().Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.words.Tag)
	h.Set("Vary", "Accept-Language, Cookie, "+pageHeader)
	h.Set("Content-Security-Policy", v.policy())
	write(v, status, text.Bytes())
	return nil
}

// css returns the stylesheet with the login's colours.
func (v *visit) css() string { return string(assets["page.css"].text) + themed(v.config.Colors) }

// inlineStyle returns the stylesheet for a page that is loaded whole.
func (v *visit) inlineStyle() template.CSS {
	if v.HTTP().Header.Get(pageHeader) != "" {
		return ""
	}
	return template.CSS(v.css()) //nolint:gosec // G203: of this package
}

// policy lets a page load its own files, show its captcha, and redirect where it
// may: browsers apply form-action to the redirect of a form too.
func (v *visit) policy() string {
	digest := sha256.Sum256([]byte(v.css()))
	images := "'self' data:"
	if u, err := url.Parse(v.config.Logo); err == nil && u.Scheme == "https" && u.Host != "" && !strings.ContainsAny(u.Host, ";, '\"") {
		images += " " + extension.OriginOf(u)
	}
	forms := strings.Join(append([]string{"'self'"}, v.pages.options.RedirectOrigins...), " ")
	return "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; img-src " + images +
		"; media-src 'self' data:; connect-src 'self'; form-action " + forms + "; base-uri 'none'; frame-ancestors 'none'"
}

// Site is what a person signs in to: the app, by its title if it has one.
func (m *view) Site() string { return cmp.Or(m.AppTitle, m.Title) }

// Digits64 is Digits as texts take numbers.
func (m *view) Digits64() int64 { return int64(m.Digits) }
