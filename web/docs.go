package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/server/extension"
)

// docs shows the description of the API. The viewer is part of the binary: no
// request leaves the site.
func (p *Pages) docs(r extension.Request) error {
	v := p.newVisit(r)
	style := assets["docs.css"].text
	digest := sha256.Sum256(style)
	words, err := json.Marshal(v.words.withPrefix("docs"))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = templates.ExecuteTemplate(&text, "docs.html", &view{
		L: v.words, Langs: v.languages(), JS: assetURL("docs.js"), Style: template.CSS(style), //nolint:gosec // G203: of this package
		Title: p.app.Info().Title, Words: string(words),
	})
	if err != nil {
		return err
	}
	h := r.Writer().Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.words.Tag)
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+
		"'; img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	write(r, http.StatusOK, text.Bytes())
	return nil
}

// withPrefix returns the texts whose keys have a prefix, by the rest of their keys.
func (l locale) withPrefix(prefix string) map[string]string {
	found := map[string]string{}
	for key, text := range l.texts {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			found[name] = text
		}
	}
	return found
}
