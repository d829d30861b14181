package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
)

//go:embed dist
var dist embed.FS

// asset is a file that browsers may keep for ever: its address has its digest.
type asset struct {
	kind string
	text []byte
}

var assets, version = func() (map[string]asset, string) {
	all := map[string]asset{}
	digest := sha256.New()
	entries, err := dist.ReadDir("dist")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		text, err := dist.ReadFile("dist/" + e.Name())
		if err != nil {
			panic(err) // embedded
		}
		kind := "text/javascript; charset=utf-8"
		if strings.HasSuffix(e.Name(), ".css") {
			kind = "text/css; charset=utf-8"
		}
		all[e.Name()] = asset{kind, text}
		digest.Write(text)
	}
	return all, hex.EncodeToString(digest.Sum(nil)[:6])
}()

// address of an asset below the pages'.
func assetAddress(name string) string { return "assets/" + version + "/" + name }

// Asset serves one file. An address of another version gets the file of this one,
// and is not to be kept: it is asked for while servers are being replaced.
func (p *Pages) Asset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.PathValue("file")]
	if !ok {
		p.site.Refuse(w, r, errcode.New(errcode.ElementNotFound, "there is nothing here"))
		return
	}
	text := a.text
	h := w.Header()
	h.Set("Content-Type", a.kind)
	if r.PathValue("version") == version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	send(w, r, http.StatusOK, text)
}

// send writes an answer, as small as the browser can take it.
func send(w http.ResponseWriter, r *http.Request, status int, text []byte) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, _ = z.Write(text)
		_ = z.Close()
		h.Set("Content-Encoding", "gzip")
		text = small.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
