package web

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// refuse answers a request that no step is for: a page for people, the API's
// envelope for programs.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Header.Get(pageHeader) == "" && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		p.site.Refuse(w, r, err)
		return
	}
	status, failed := p.site.Failure(r, err)
	v := &visit{pages: p, w: w, r: r, words: p.locales.choose(w, r, p.site), query: r.URL.Query()}
	v.query.Del("lang")
	said := note{Key: "unavailable", Ref: failed.RequestID}
	switch status {
	case http.StatusNotFound:
		said = note{Key: "notHere"}
	case http.StatusForbidden:
		said = note{Key: "foreign"}
	}
	if failed.Wait > 0 {
		w.Header().Set("Retry-After", itoa(failed.Wait))
	}
	v.answer(status, "error.html", &view{
		L: v.words, Langs: v.langs(), JS: assetAddress("page.js"), Style: template.CSS(v.style()), //nolint:gosec // G203: of this package
		Action: v.here(), Title: p.site.AppTitle(), Note: v.words.say(said),
	})
}

// here is the page that was asked for, as the pages refer to each other.
func (v *visit) here() string {
	page := loginPage
	if strings.HasSuffix(v.r.URL.Path, "/"+accountPage) {
		page = accountPage
	}
	return v.address(page)
}

// unavailable refuses for want of something that an operator must look at.
func (p *Pages) unavailable(w http.ResponseWriter, r *http.Request, what string) {
	p.refuse(w, r, errcode.Unavailable(errcode.OutcomeNotExecuted, "the %s is not available", what))
}
