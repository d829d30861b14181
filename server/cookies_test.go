package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// authSvc answers as a session service; its refresh takes "r1" only.
func authSvc() *standIn {
	answer := func() map[string]any {
		return map[string]any{"success": true, "accessToken": "a2", "refreshToken": "r2", "tokenType": "Bearer", "expiresIn": 900, "userId": "u"}
	}
	return &standIn{name: sessions.Official, meta: sessions.Meta, functions: map[string]serveFunc{
		"loginByCode": func(context.Context, element.Args) (any, error) {
			a := answer()
			a["deviceToken"] = "d2"
			return a, nil
		},
		"refresh": func(_ context.Context, args element.Args) (any, error) {
			if args["refreshToken"] != "r1" {
				return nil, errcode.New(errcode.LoginRequired, "nobody")
			}
			return answer(), nil
		},
		"logout": func(ctx context.Context, args element.Args) (any, error) {
			if element.CallerOf(ctx).UserID == "" && args["refreshToken"] != "r1" {
				return nil, errcode.New(errcode.LoginRequired, "nobody")
			}
			return map[string]any{"success": true}, nil
		},
		"currentUser": func(ctx context.Context, _ element.Args) (any, error) { return element.CallerOf(ctx).UserID, nil },
	}}
}

const authPath = "auths/loginTypes/services/AuthSvc/"

func newAuthApp(t testing.TB) *standInApp {
	app := newApp(t, authSvc())
	app.auth.(*standInAuth).tokens["a1"] = element.Caller{UserID: "u", SessionID: "s"}
	return app
}

// ofShop ends the names of the cookies of the app acme.shop.
const ofShop = "_53306ea73d89f952"

// withCookie sends a cookie of acme.shop.
func withCookie(name, value string) func(*http.Request) { return withForeignCookie(name+ofShop, value) }

// withForeignCookie sends a cookie by its whole name.
func withForeignCookie(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
}

// cookiesOf returns the cookies of an answer by their names without the hash, which
// all must have.
func cookiesOf(w *httptest.ResponseRecorder) map[string]*http.Cookie {
	set := map[string]*http.Cookie{}
	for _, c := range w.Result().Cookies() {
		if name, ours := strings.CutSuffix(c.Name, ofShop); ours {
			set[name] = c
		} else {
			set["without hash: "+c.Name] = c
		}
	}
	return set
}

func TestWebTokensAreInCookiesOnly(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	w, e := s.do(newCall(authPath+"loginByCode", `{"loginCode":"x","platform":"web"}`))
	require.Equal(t, 200, w.Code)
	require.Equal(t, map[string]any{"success": true, "tokenType": "Bearer", "expiresIn": 900.0, "userId": "u"}, e.Data)
	set := cookiesOf(w)
	require.Len(t, set, 3)
	for name, want := range map[string]http.Cookie{
		"lintel_session": {Value: "a2", Path: "/", MaxAge: 900},
		"lintel_refresh": {Value: "r2", Path: "/", MaxAge: 30 * 24 * 3600},
		"lintel_device":  {Value: "d2", Path: "/", MaxAge: 180 * 24 * 3600},
	} {
		c := set[name]
		require.NotNil(t, c, name)
		require.Equal(t, want.Value, c.Value)
		require.Equal(t, want.Path, c.Path)
		require.Equal(t, want.MaxAge, c.MaxAge)
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.False(t, c.Secure)
	}
}

func TestOtherPlatformsGetTokensInTheBody(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	w, e := s.do(newCall(authPath+"loginByCode", `{"loginCode":"x","platform":"mobile"}`))
	require.Empty(t, w.Result().Cookies())
	require.Equal(t, "a2", e.Data.(map[string]any)["accessToken"])
	require.Equal(t, "d2", e.Data.(map[string]any)["deviceToken"])
}

func TestCookiesAreSecureOverHTTPS(t *testing.T) {
	trusted := prefixes(t, "10.0.0.0/8")
	for name, c := range map[string]struct {
		options Options
		change  func(*http.Request)
		secure  bool
	}{
		"plain":           {Options{}, func(*http.Request) {}, false},
		"public URL":      {Options{PublicURL: "https://app.example"}, func(*http.Request) {}, true},
		"trusted proxy":   {Options{TrustedProxies: trusted}, func(r *http.Request) { r.RemoteAddr = "10.0.0.1:1"; r.Header.Set("X-Forwarded-Proto", "https") }, true},
		"stranger's word": {Options{}, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.options, newAuthApp(t))
			w, _ := s.do(newCall(authPath+"loginByCode", `{"platform":"web"}`, c.change))
			set := cookiesOf(w)
			if !c.secure {
				require.False(t, set["lintel_session"].Secure)
				return
			}
			require.Len(t, set, 3)
			for _, name := range []string{"__Host-lintel_session", "__Host-lintel_refresh", "__Host-lintel_device"} {
				require.NotNil(t, set[name], name)
				require.True(t, set[name].Secure)
				require.Equal(t, "/", set[name].Path, "else browsers drop it")
				require.Empty(t, set[name].Domain)
			}
			w, e := s.do(newCall(authPath+"currentUser", `{}`, c.change, withCookie("lintel_session", "a1")))
			require.Equal(t, "", e.Data, "a cookie that plain http could set")
			require.Equal(t, 200, w.Code)
			_, e = s.do(newCall(authPath+"currentUser", `{}`, c.change, withCookie("__Host-lintel_session", "a1")))
			require.Equal(t, "u", e.Data)
			for _, planted := range []string{"lintel_refresh", "__Secure-lintel_refresh"} {
				w, _ = s.do(newCall(authPath+"refresh", `{}`, c.change, withCookie(planted, "r1")))
				require.Equal(t, 401, w.Code, "%s: a cookie that a sibling host could set", planted)
			}
		})
	}
}

// Browsers send the cookies of a host to every port and path of it.
func TestAppsOnOneHostDontMeet(t *testing.T) {
	for _, public := range []string{"", "https://app.example/sub"} {
		shop, other := newAuthApp(t), newAuthApp(t)
		other.info.AppID = "acme.other"
		a, b := serve(t, Options{PublicURL: public}, shop), serve(t, Options{PublicURL: public}, other)
		login := func(s *stand) map[string]string {
			r := newCall(authPath+"loginByCode", `{"platform":"web"}`)
			org, app, _ := strings.Cut(s.app.info.AppID, ".")
			r.URL.Path = "/api/" + org + "/" + app + "/" + authPath + "loginByCode"
			w, _ := s.do(r)
			set := map[string]string{}
			for _, c := range w.Result().Cookies() {
				set[c.Name] = c.Value
			}
			require.Len(t, set, 3)
			return set
		}
		others := login(b)
		for name := range login(a) {
			require.NotContains(t, others, name)
		}
		for name, value := range others {
			w, e := a.do(newCall(authPath+"currentUser", `{}`, withForeignCookie(name, value)))
			require.Equal(t, 200, w.Code)
			require.Empty(t, e.Data)
			w, _ = a.do(newCall(authPath+"refresh", `{}`, withForeignCookie(name, value)))
			require.Equal(t, 401, w.Code)
			require.Empty(t, w.Result().Cookies(), "not taken from the other app either")
		}
		// Names of before apps had their own.
		for name, value := range map[string]string{"lintel_session": "a1", "__Host-lintel_session": "a1", "lintel_refresh": "r1", "__Secure-lintel_refresh": "r1"} {
			_, e := a.do(newCall(authPath+"currentUser", `{}`, withForeignCookie(name, value)))
			require.Empty(t, e.Data)
			w, _ := a.do(newCall(authPath+"refresh", `{}`, withForeignCookie(name, value)))
			require.Equal(t, 401, w.Code)
		}
	}
}

func TestTheCallerIsTheBearerElseTheCookiesUser(t *testing.T) {
	for name, c := range map[string]struct {
		change []func(*http.Request)
		want   string
	}{
		"nobody":              {nil, ""},
		"bearer":              {[]func(*http.Request){with("Authorization", "Bearer a1")}, "u"},
		"bearer, any case":    {[]func(*http.Request){with("Authorization", "bearer a1")}, "u"},
		"dead bearer":         {[]func(*http.Request){with("Authorization", "Bearer a0")}, ""},
		"cookie":              {[]func(*http.Request){withCookie("lintel_session", "a1")}, "u"},
		"dead cookie":         {[]func(*http.Request){withCookie("lintel_session", "a0")}, ""},
		"bearer wins":         {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Authorization", "Bearer a0")}, ""},
		"basic is no bearer":  {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Authorization", "Basic eDp5")}, "u"},
		"cookie, same origin": {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Sec-Fetch-Site", "same-origin")}, "u"},
		"cookie, own origin":  {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Origin", "http://app.example")}, "u"},
		"cookie, cross-site":  {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Sec-Fetch-Site", "cross-site")}, ""},
		"cookie, same site":   {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Sec-Fetch-Site", "same-site")}, ""},
		"cookie, foreign":     {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Origin", "http://evil.example")}, ""},
		"cookie, no origin":   {[]func(*http.Request){withCookie("lintel_session", "a1"), with("Origin", "null")}, ""},
		"bearer, cross-site":  {[]func(*http.Request){with("Authorization", "Bearer a1"), with("Sec-Fetch-Site", "cross-site")}, "u"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{}, newAuthApp(t))
			w, e := s.do(newCall(authPath+"currentUser", `{}`, c.change...))
			require.Equal(t, 200, w.Code)
			require.Equal(t, c.want, e.Data)
		})
	}
}

func TestATokenThatCannotBeVerifiedIsUnavailable(t *testing.T) {
	app := newAuthApp(t)
	app.auth.(*standInAuth).err = errcode.New(errcode.StoreUnavailable, "down").Retry()
	s := serve(t, Options{}, app)
	w, e := s.do(newCall(authPath+"currentUser", `{}`, with("Authorization", "Bearer a1")))
	require.Equal(t, 503, w.Code)
	require.Equal(t, "STORE_UNAVAILABLE", e.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	app.auth = nil
	w, _ = s.do(newCall(authPath+"currentUser", `{}`, with("Authorization", "Bearer a1")))
	require.Equal(t, 503, w.Code)
	w, _ = s.do(newCall(authPath+"currentUser", `{}`))
	require.Equal(t, 200, w.Code)
}

func TestRefreshFromTheCookieAnswersInCookies(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	w, e := s.do(newCall(authPath+"refresh", `{}`, withCookie("lintel_refresh", "r1")))
	require.Equal(t, 200, w.Code)
	require.NotContains(t, e.Data, "accessToken")
	require.NotContains(t, e.Data, "refreshToken")
	require.Equal(t, "r2", cookiesOf(w)["lintel_refresh"].Value)
	require.Equal(t, "a2", cookiesOf(w)["lintel_session"].Value)

	w, e = s.do(newCall(authPath+"refresh", `{"refreshToken":"r1"}`, withCookie("lintel_refresh", "r0")))
	require.Empty(t, w.Result().Cookies())
	require.Equal(t, "r2", e.Data.(map[string]any)["refreshToken"])

	w, _ = s.do(newCall(authPath+"refresh", `{}`, withCookie("lintel_refresh", "r1"), with("Sec-Fetch-Site", "cross-site")))
	require.Equal(t, 401, w.Code, "another origin's page has no cookie")
	require.Empty(t, w.Result().Cookies())

	w, _ = s.do(newCall(authPath+"refresh", `{}`, withCookie("lintel_refresh", "r0")))
	require.Equal(t, 401, w.Code)
	require.Equal(t, -1, cookiesOf(w)["lintel_refresh"].MaxAge, "dead cookies go")
}

func TestLogoutClearsTheSession(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	for name, c := range map[string]struct {
		cookie, value string
		status        int
	}{
		"signed in":            {"lintel_session", "a1", 200},
		"access token expired": {"lintel_refresh", "r1", 200},
		"nobody":               {"other", "x", 401},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := s.do(newCall(authPath+"logout", `{}`, withCookie(c.cookie, c.value)))
			require.Equal(t, c.status, w.Code)
			require.Equal(t, -1, cookiesOf(w)["lintel_session"].MaxAge)
			require.Equal(t, -1, cookiesOf(w)["lintel_refresh"].MaxAge)
			require.NotContains(t, cookiesOf(w), "lintel_device")
		})
	}
	w, _ := s.do(newCall(authPath+"logout", `{}`, withCookie("lintel_session", "a1"), with("Sec-Fetch-Site", "cross-site")))
	require.Empty(t, w.Result().Cookies())
}

func TestAnotherOriginsPageOpensNoWebSession(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	w, e := s.do(newCall(authPath+"loginByCode", `{"platform":"web"}`, with("Origin", "http://evil.example")))
	require.Equal(t, 403, w.Code)
	require.Equal(t, "FORBIDDEN", e.Code)
	require.Empty(t, w.Result().Cookies())
}

func TestDeviceCookieIsTheDeviceWithoutAHeader(t *testing.T) {
	var device string
	app := newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(ctx context.Context, _ element.Args) (any, error) {
			device = element.CallerOf(ctx).Device
			return nil, nil
		},
	}})
	s := serve(t, Options{}, app)
	s.do(newCall("a/b/f", "{}", withCookie("lintel_device", "c")))
	require.Equal(t, "c", device)
	s.do(newCall("a/b/f", "{}", withCookie("lintel_device", "c"), with("Lintel-Device", "h")))
	require.Equal(t, "h", device)
	s.do(newCall("a/b/f", "{}", withCookie("lintel_device", "c"), with("Sec-Fetch-Site", "cross-site")))
	require.Empty(t, device)
}

func TestPublicURLIsGivenToTheAuthSvc(t *testing.T) {
	app := newAuthApp(t)
	s := serve(t, Options{PublicURL: "https://app.example/sub"}, app)
	w, _ := s.do(newCall(authPath+"loginByCode", `{"platform":"web"}`))
	require.Equal(t, "https://app.example/sub", app.auth.(*standInAuth).public)
	require.Equal(t, "/", cookiesOf(w)["__Host-lintel_refresh"].Path)
	_, err := newServer(app, Options{PublicURL: "app.example"})
	require.Error(t, err)
}

func TestJWKSIsPublished(t *testing.T) {
	s := serve(t, Options{}, newAuthApp(t))
	w, _ := s.do(httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"keys":[]}`, w.Body.String())
	require.Equal(t, "public, max-age=60", w.Header().Get("Cache-Control"))
}
