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

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
	"github.com/lintel-run/lintel/test/blackbox"
	"github.com/lintel-run/lintel/web"
)

// stub is an app whose logins answer as a test wants: states that a real app
// reaches only by other people's doing.
type stub struct{}

func newStub(t *testing.T) string {
	pages, err := web.New(stub{}, web.Options{MaskPhone: phone.Mask})
	require.NoError(t, err)
	mux := http.NewServeMux()
	for _, route := range pages.Routes() {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := route.Serve(newStubRequest(w, r)); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
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

func (stub) Info() runtime.Info                 { return runtime.Info{AppID: "example.stub", Title: "Stub"} }
func (stub) PreviousKey(string) ([]byte, error) { return nil, nil }
func (stub) Key(string) ([]byte, error)         { return make([]byte, 32), nil }

// stubRequest is a request to the stub; who has chosen a corp is signed in.
type stubRequest struct {
	extension.Request
	w    http.ResponseWriter
	r    *http.Request
	corp string
}

func newStubRequest(w http.ResponseWriter, r *http.Request) *stubRequest {
	q := &stubRequest{w: w, r: r}
	if c, err := r.Cookie("stub"); err == nil {
		q.corp = c.Value
	}
	return q
}

func (q *stubRequest) HTTP() *http.Request                { return q.r }
func (q *stubRequest) Writer() http.ResponseWriter        { return q.w }
func (q *stubRequest) SameOrigin() bool                   { return true }
func (q *stubRequest) CookieName(n string) (string, bool) { return n, false }
func (q *stubRequest) SignIn() (bool, error)              { return q.corp != "", nil }
func (q *stubRequest) Elements(string) ([]string, error) {
	return []string{"auths.computed", "auths.picture"}, nil
}
func (q *stubRequest) Failure(error) *extension.Failure {
	return &extension.Failure{Code: "INTERNAL", Status: http.StatusInternalServerError}
}

const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

var corps = []map[string]any{{"corpId": "1", "corpName": "First"}, {"corpId": "2", "corpName": "Second"}}

func (q *stubRequest) Call(fullName, function string, args element.Args, _ string) (json.RawMessage, *extension.Failure) {
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
				return nil, &extension.Failure{Code: code}
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
		http.SetCookie(q.w, &http.Cookie{Name: "stub", Value: args["corp"].(string)})
		answer = map[string]any{}
	case "currentUser":
		answer = map[string]any{"userId": "u", "nick": "Ada", "phone": "139****0001", "corpId": q.corp, "corpList": corps}
	case "sessions":
		answer = []any{}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, &extension.Failure{Code: "INTERNAL"}
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
