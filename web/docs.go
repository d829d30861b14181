package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
)

// Docs shows the description of the API. The viewer is part of the binary: no
// request leaves the site.
func (p *Pages) Docs(w http.ResponseWriter, r *http.Request) {
	v := &visit{pages: p, w: w, r: r, words: p.locales.choose(w, r, p.site)}
	style := assets["docs.css"].text
	digest := sha256.Sum256(style)
	words, err := json.Marshal(v.words.starting("docs"))
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	var text bytes.Buffer
	err = templates.ExecuteTemplate(&text, "docs.html", &view{
		L: v.words, Langs: v.langs(), JS: assetAddress("docs.js"), Style: template.CSS(style), //nolint:gosec // G203: of this package
		Title: p.site.AppTitle(), Words: string(words),
	})
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.words.Tag)
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+
		"'; img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	send(w, r, http.StatusOK, text.Bytes())
}

// starting gives the texts whose keys start so, by the rest of their keys.
func (l locale) starting(with string) map[string]string {
	found := map[string]string{}
	for key, text := range l.texts {
		if name, ok := strings.CutPrefix(key, with); ok {
			found[name] = text
		}
	}
	return found
}
