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
	"github.com/lintel-run/lintel/server/extension"
)

//go:embed dist
var dist embed.FS

// asset is a file that browsers may keep for ever: its address holds a digest.
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

// assetURL returns the address of an asset, below that of the pages.
func assetURL(name string) string { return "assets/" + version + "/" + name }

// serveAsset serves one file. An address of another version gets this version's
// file, not to be kept: browsers ask for it while servers are being replaced.
func serveAsset(r extension.Request) error {
	a, ok := assets[r.HTTP().PathValue("file")]
	if !ok {
		return errcode.New(errcode.ElementNotFound, "there is nothing here")
	}
	h := r.Writer().Header()
	h.Set("Content-Type", a.kind)
	if r.HTTP().PathValue("version") == version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	write(r, http.StatusOK, a.text)
	return nil
}

// write sends an answer, compressed if the browser takes it.
func write(r extension.Request, status int, text []byte) {
	h := r.Writer().Header()
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.HTTP().Header.Get("Accept-Encoding"), "gzip") {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, _ = z.Write(text)
		_ = z.Close()
		h.Set("Content-Encoding", "gzip")
		text = small.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(text)))
	r.Writer().WriteHeader(status)
	_, _ = r.Writer().Write(text)
}
