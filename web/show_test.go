package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestThePolicyLetsInTheStyleThatThePageHas(t *testing.T) {
	s := &fakeSite{answers: answers{"getLoginConfig": func(map[string]any) (any, *failure) {
		return map[string]any{"title": "Login", "codeLength": 6, "regions": []string{"CN"}, "colors": map[string]any{"accent": "#ffb300"}}, nil
	}}}
	p := newSite(t, s, Options{})
	for _, name := range []string{"login", "docs"} {
		w := p.get("/" + name)
		_, style, ok := strings.Cut(w.Body.String(), "<style>")
		require.True(t, ok, name)
		style, _, _ = strings.Cut(style, "</style>")
		digest := sha256.Sum256([]byte(style))
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+"';", name)
		require.Equal(t, name == "login", strings.Contains(style, "#ffb300"), name)
	}
	require.NotContains(t, p.get("/login", pageHeader, "1").Body.String(), "<style>", "the module has it already")
}

func TestNoPageMayBeFramed(t *testing.T) {
	s := &fakeSite{answers: answers{"sendMessage": sentOK}}
	p := newSite(t, s, Options{RedirectOrigins: []string{"https://shop.example"}})
	pages := 0
	look := func(path string, headers ...string) {
		w := p.get(path, headers...)
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			pages++
			require.Regexp(t, `; frame-ancestors 'none'(;|$)`, w.Header().Get("Content-Security-Policy"), path)
			require.NotRegexp(t, `frame-ancestors.*frame-ancestors`, w.Header().Get("Content-Security-Policy"), path)
		}
	}
	for _, signedIn := range []bool{false, true} {
		for _, down := range []string{"", "a.login"} {
			s.signedIn, s.down = signedIn, down
			for _, path := range []string{"/login", "/login?login=a.login", "/login?redirect=https://shop.example/", "/account", "/docs", "/login?lang=zh-CN", "/", "/login/", "/unknown"} {
				look(path, "Accept", "text/html")
				look(path, pageHeader, "1")
				look(path, "Accept", "text/html", "Accept-Encoding", "gzip")
			}
		}
	}
	require.Greater(t, pages, 40)
}

func TestPeopleGetAPageWithAWayOnWhereNothingIs(t *testing.T) {
	s := &fakeSite{}
	p := newSite(t, s, Options{})
	for path, up := range map[string]string{"/": "", "/login/": "../", "/unknown": "", "/a/b/c?x=1": "../../", "/api/acme/shop/": "../../../", "/index.php": ""} {
		w := p.get(path, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language", "zh-CN")
		want := http.StatusNotFound
		if path == "/" {
			want = http.StatusOK
		}
		require.Equal(t, want, w.Code, path)
		require.Contains(t, w.Body.String(), `<html lang="zh-CN">`)
		require.Contains(t, w.Body.String(), `<a href="`+up+`login">登录</a>`, path)
		require.Contains(t, w.Body.String(), `<a href="`+up+`docs">`, path)
		require.Contains(t, w.Body.String(), `src="`+up+`assets/`, path)
		require.Equal(t, path != "/", strings.Contains(w.Body.String(), "该地址没有页面。"), path)
		for _, program := range []string{"", "*/*", "application/json"} {
			require.NotContains(t, p.get(path, "Accept", program).Body.String(), "<main", path)
		}
	}
	s.logins = []string{}
	require.NotContains(t, p.get("/", "Accept", "text/html").Body.String(), `href="login"`, "there is none")
}

func TestTheHeadlineSaysWhereOneSignsIn(t *testing.T) {
	p := newSite(t, &fakeSite{}, Options{Locales: fstest.MapFS{"ar.json": {Data: []byte(`{"language":"العربية","signInTo":"دخول {x}"}`)}}})
	require.Contains(t, p.get("/login?lang=en").Body.String(), "<h1>Sign in to Shop</h1><p class=\"hint\">Login</p>")
	require.Contains(t, p.get("/login?lang=zh-CN").Body.String(), "<h1>登录Shop</h1>")
	require.Contains(t, p.get("/login?lang=ar").Body.String(), "<h1>دخول \u2068Shop\u2069</h1>")
}

func TestTheOnlyRegionsCallingCodeIsShown(t *testing.T) {
	for calling, regions := range map[string][]string{"+852": {"HK"}, "+86": {"CN"}, "": {"CN", "HK"}} {
		p := newSite(t, &fakeSite{answers: answers{"getLoginConfig": func(map[string]any) (any, *failure) {
			return map[string]any{"codeLength": 6, "regions": regions, "defaultRegion": regions[0], "callingCodes": map[string]int{"CN": 86, "HK": 852}}, nil
		}}}, Options{})
		body := p.get("/login?lang=en").Body.String()
		require.Equal(t, calling == "", !strings.Contains(body, `<bdi dir="ltr">+`), calling)
		if calling != "" {
			require.Contains(t, body, `<bdi dir="ltr">`+calling+`</bdi></label>`)
		}
	}
}

func TestPagesAreCompressed(t *testing.T) {
	p := newSite(t, &fakeSite{}, Options{})
	for _, name := range []string{"login", "docs"} {
		plain, packed := p.get("/"+name), p.get("/"+name, "Accept-Encoding", "gzip, br")
		require.Equal(t, "gzip", packed.Header().Get("Content-Encoding"), name)
		require.Empty(t, plain.Header().Get("Content-Encoding"), name)
		require.Less(t, packed.Body.Len(), plain.Body.Len()/2, name)
		require.Contains(t, plain.Header().Values("Vary"), "Accept-Encoding", name)
	}
}

func TestPeopleGetAnErrorPageAndProgramsTheError(t *testing.T) {
	s := &fakeSite{answers: answers{"getLoginConfig": failing("ELEMENT_UNAVAILABLE", 1, nil)}}
	p := newSite(t, s, Options{})
	w := p.get("/login?login=a.login", "Accept", "text/html,*/*", "Accept-Language", "en")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), `role="alert"`)
	require.Contains(t, w.Body.String(), "Try again later. (req-1)")
	require.Contains(t, w.Body.String(), `href="login?login=a.login"`)
	require.Equal(t, http.StatusServiceUnavailable, p.get("/login", pageHeader, "1").Code)
	require.NotContains(t, p.get("/login", "Accept", "application/json").Body.String(), "<main")
}

func TestALanguageOfAFileMayBeWrittenFromRightToLeft(t *testing.T) {
	s := &fakeSite{answers: answers{"sendMessage": sentOK}}
	p := newSite(t, s, Options{Locales: fstest.MapFS{"ar.json": {Data: []byte(`{"language":"العربية","sentTo":"إلى {x}"}`)}}})
	require.Contains(t, p.get("/login?lang=ar").Body.String(), `<html lang="ar" dir="rtl">`)
	require.Contains(t, p.get("/login?lang=zh-CN").Body.String(), `<html lang="zh-CN">`)
	b := newClient(t, p)
	b.request(http.MethodGet, "/login?lang=ar", nil)
	require.Contains(t, b.post("/login", "do", "send", "phone", "13800138000"), "\u2066138****8000\u2069", "a number reads from left to right")
}

func TestTheAccountGoesOnWithTheLoginThatWasUsed(t *testing.T) {
	s := &fakeSite{logins: []string{"a.login", "b.login"}, answers: answers{
		"sendMessage": sentOK,
		"getLoginCode": func(map[string]any) (any, *failure) {
			return map[string]any{"loginCode": "l", "corpList": []any{}}, nil
		},
	}}
	b := newClient(t, newSite(t, s, Options{}))
	require.Contains(t, b.request(http.MethodGet, "/login", nil).Body.String(), `<a href="?login=a.login" aria-current="page">`)
	b.post("/login?login=b.login", "do", "send", "phone", "13800138000")
	b.post("/login?login=b.login", "do", "verify", "code", "123456")
	require.Equal(t, "b.login", b.cookies[loginCookie])
	require.Contains(t, b.request(http.MethodGet, "/login", nil).Body.String(), `<a href="?login=b.login" aria-current="page">`)
}

func TestALoginThatIsDownIsNotOffered(t *testing.T) {
	s := &fakeSite{logins: []string{"a.login", "b.login", "c.login"}, down: "a.login"}
	p := newSite(t, s, Options{})
	page := p.get("/login").Body.String()
	require.Contains(t, page, `<a href="?login=b.login" aria-current="page">`)
	require.NotContains(t, page, "a.login")
	require.Equal(t, http.StatusServiceUnavailable, p.get("/login?login=a.login", "Accept", "text/html").Code)
	require.Contains(t, p.get("/login", "Cookie", loginCookie+"=a.login").Body.String(), `<a href="?login=b.login" aria-current="page">`)
	require.Contains(t, p.get("/login", "Cookie", loginCookie+"=c.login").Body.String(), `<a href="?login=c.login" aria-current="page">`)
	s.logins = s.logins[:1]
	require.Equal(t, http.StatusServiceUnavailable, p.get("/login", "Accept", "text/html").Code)
}
