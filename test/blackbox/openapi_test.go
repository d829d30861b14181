package blackbox_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

func TestTheDescriptionHasEveryExposedFunctionAndNoOther(t *testing.T) {
	t.Parallel()
	s := blackbox.Example(t).Serve()
	document := s.OpenAPI()
	require.Equal(t, "3.1.0", document["openapi"])
	paths := document["paths"].(map[string]any)
	for _, function := range []string{"sendMessage", "getLoginCode", "register", "bind", "unbind", "checkMyMessage", "updatePhone", "getLoginConfig"} {
		require.Contains(t, paths, s.Path(blackbox.Login, function))
	}
	for _, function := range []string{"loginByCode", "refresh", "logout", "currentUser", "sessions", "endSession"} {
		require.Contains(t, paths, s.Path(blackbox.Sessions, function))
	}
	for path := range paths {
		require.NotContains(t, path, "/SMS/", "no function of an SMS element is exposed")
	}
	send := paths[s.Path(blackbox.Login, "sendMessage")].(map[string]any)["post"].(map[string]any)
	require.Equal(t, []any{"phone", "purpose"}, send["x-args"].([]any)[:2])
	require.Equal(t, "auths.loginTypes.myPhoneLogin.sendMessage", send["operationId"])
}

func TestPagesOfNamedOriginsOnlyMayCall(t *testing.T) {
	t.Parallel()
	ask := func(s *blackbox.Server, method, origin string) *http.Response {
		r, err := http.NewRequest(method, s.URL+s.Path(blackbox.Login, "getLoginConfig"), nil)
		require.NoError(t, err)
		r.Header.Set("Origin", origin)
		r.Header.Set("Content-Type", "application/json")
		if method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", "POST")
		}
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp
	}
	const front = "https://front.example"
	closed := blackbox.Example(t).Serve()
	open := blackbox.Example(t).Serve(blackbox.Start{Args: []string{"--cors-origins", front + "/"}})
	for _, method := range []string{http.MethodOptions, http.MethodPost} {
		for origin, want := range map[string]string{front: front, "https://front.example.evil.example": "", "http://front.example": "", "null": "", "https://sub.front.example": ""} {
			require.Equal(t, want, ask(open, method, origin).Header.Get("Access-Control-Allow-Origin"), "%s %s", method, origin)
			require.Empty(t, ask(closed, method, origin).Header.Get("Access-Control-Allow-Origin"))
		}
	}
	require.Equal(t, http.StatusNoContent, ask(open, http.MethodOptions, front).StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, ask(closed, http.MethodOptions, front).StatusCode)

	for _, bad := range []string{"*", "https://*.example", "front.example", "https://front.example/path"} {
		out := blackbox.Lintel(t, t.TempDir(), nil, "serve", open.App.Dir, "--cors-origins", bad)
		require.Equal(t, 2, out.Code, bad)
		require.Contains(t, out.Stderr, "corsOrigins")
	}
}

func TestAFormOfAnotherOriginsPageIsRefused(t *testing.T) {
	t.Parallel()
	s := blackbox.Example(t).Serve()
	for _, path := range []string{"/login", "/account"} {
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			r, err := http.NewRequest(http.MethodPost, s.URL+path, nil)
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(name, value)
			resp, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusForbidden, resp.StatusCode, "%s with %s", path, name)
		}
	}
}
