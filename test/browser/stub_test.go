package browser_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
	"github.com/lintel-run/lintel/web"
)

// stub is a site whose logins answer as a test wants: states that a real app
// reaches only by other people's doing.
type stub struct{}

func newStub(t *testing.T) string {
	pages, err := web.New(stub{}, web.Options{})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", pages.Login)
	mux.HandleFunc("POST /login", pages.PostLogin)
	mux.HandleFunc("GET /account", pages.Account)
	mux.HandleFunc("GET /assets/{version}/{file}", pages.Asset)
	mux.Handle("GET /front/", http.StripPrefix("/front", http.FileServer(http.Dir(filepath.Join(blackbox.Root(), "clients", "js")))))
	mux.HandleFunc("GET /front/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Front</title><link rel="icon" href="data:,"><main><h1>Front</h1>
<phone-login src="%s" login="%s" platform="api"></phone-login></main>
<script type="module" src="phone-login.js"></script>`, html.EscapeString(r.URL.Query().Get("src")), html.EscapeString(cmp.Or(r.URL.Query().Get("login"), blackbox.Login)))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func (stub) AppID() string    { return "example.stub" }
func (stub) AppTitle() string { return "Stub" }
func (stub) PhoneLogins() ([]string, error) {
	return []string{"auths.computed", "auths.picture"}, nil
}
func (stub) SameOrigin(*http.Request) bool                   { return true }
func (stub) Cookie(_ *http.Request, n string) (string, bool) { return n, false }
func (stub) Key(string) ([]byte, error)                      { return make([]byte, 32), nil }
func (stub) Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func (stub) Failure(*http.Request, error) (int, *web.Failure) {
	return http.StatusInternalServerError, &web.Failure{Code: "INTERNAL"}
}

func (stub) Visit(w http.ResponseWriter, r *http.Request) (web.Visit, error) {
	c, err := r.Cookie("stub")
	v := &stubVisit{w: w}
	if err == nil {
		v.corp = c.Value
	}
	return v, nil
}

type stubVisit struct {
	w    http.ResponseWriter
	corp string
}

func (v *stubVisit) SignedIn() bool { return v.corp != "" }

const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

var corps = []map[string]any{{"corpId": "1", "corpName": "First"}, {"corpId": "2", "corpName": "Second"}}

func (v *stubVisit) Call(fullName, function string, args map[string]any, _ string) (json.RawMessage, *web.Failure) {
	kind := "pow"
	if fullName == "auths.picture" {
		kind = "image"
	}
	var answer any
	switch function {
	case "getLoginConfig":
		answer = map[string]any{"title": fullName, "codeLength": 6, "regions": []string{"CN"}, "defaultRegion": "CN", "allowRegister": true, "captchaKind": kind}
	case "sendMessage":
		if strings.HasSuffix(args["phone"].(string), "2") {
			if code := checkCaptcha(args["captcha"]); code != "" {
				return nil, &web.Failure{Code: code}
			}
		}
		answer = map[string]any{"resendAfter": 45, "expiresIn": 300}
	case "generateCaptcha":
		if args["kind"] == "pow" {
			answer = map[string]any{"token": "t", "kind": "pow", "challenge": map[string]any{"algorithm": "SHA-256", "salt": powSalt, "hash": powHash, "max": 5000}}
		} else if strings.HasPrefix(args["kind"].(string), "audio") {
			answer = map[string]any{"token": "t", "kind": "audio", "audio": "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="}
		} else {
			answer = map[string]any{"token": "t", "kind": "image", "img": pixel}
		}
	case "getLoginCode":
		answer = map[string]any{"loginCode": "l", "corpList": corps}
	case "loginByCode":
		http.SetCookie(v.w, &http.Cookie{Name: "stub", Value: args["corp"].(string)})
		answer = map[string]any{}
	case "currentUser":
		answer = map[string]any{"userId": "u", "nick": "Ada", "phone": "139****0001", "corpId": v.corp, "corpList": corps}
	case "sessions":
		answer = []any{}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, &web.Failure{Code: "INTERNAL"}
	}
	return text, nil
}

const powSalt, powAnswer = "c2FsdA", "4242"

var powHash = func() string {
	digest := sha256.Sum256([]byte(powSalt + powAnswer))
	return hex.EncodeToString(digest[:])
}()

func checkCaptcha(given any) string {
	c, _ := given.(map[string]any)
	switch {
	case c == nil:
		return "CAPTCHA_REQUIRED"
	case c["token"] == "t" && (c["answer"] == "abcd" || c["answer"] == powAnswer):
		return ""
	}
	return "CAPTCHA_ERROR"
}
