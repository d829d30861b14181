package web

import (
	"net/http"
)

// Docs shows the description of the API. The viewer is part of the binary: no
// request leaves the site.
func (p *Pages) Docs(w http.ResponseWriter, r *http.Request) {
	words := p.locales.choose(w, r, p.site)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	_ = templates.ExecuteTemplate(w, "docs.html", &view{
		L: words, CSS: assetAddress("docs.css"), JS: assetAddress("docs.js"), Title: p.site.AppTitle(),
	})
}
