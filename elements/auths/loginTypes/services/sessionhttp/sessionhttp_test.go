package sessionhttp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// fakeService is the session service of an app, with one access token, "a1".
// Refresh tokens are "SESSION.N".
type fakeService struct {
	element.Instance
	ended bool
	err   error
}

func (s *fakeService) Builtin(string) (element.Instance, func(), error) { return s, func() {}, s.err }

func (s *fakeService) Authenticate(_ context.Context, token string) (element.Caller, error) {
	if token != "a1" || s.ended {
		return element.Caller{}, errcode.New(errcode.LoginRequired, "nobody")
	}
	return element.Caller{UserID: "u", SessionID: "s"}, nil
}

func (s *fakeService) Genuine(_ context.Context, token string) element.Caller {
	if token != "a1" {
		return element.Caller{}
	}
	return element.Caller{UserID: "u", SessionID: "s"}
}

func (s *fakeService) Family(token string) (string, int64, bool) {
	session, text, _ := strings.Cut(token, ".")
	n, err := strconv.ParseInt(text, 10, 64)
	return session, n, err == nil
}

func (s *fakeService) JWKS(context.Context) ([]byte, error) { return nil, nil }
func (s *fakeService) PublicURL() string                    { return "" }
func (s *fakeService) SetPublicURL(string) error            { return nil }

// identify returns the session of a request with cookies and headers by name.
func identify(t *testing.T, s *fakeService, c extension.Connection, shown map[string]string) extension.Session {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	for name, value := range shown {
		if strings.Contains(name, "lintel_") {
			r.AddCookie(&http.Cookie{Name: c.CookieName(name), Value: value})
		} else {
			r.Header.Set(name, value)
		}
	}
	all, err := New(s, "")
	require.NoError(t, err)
	session, err := all.Identify(t.Context(), r, func(string) extension.Connection { return c })
	require.NoError(t, err)
	return session
}

var sameOrigin = extension.Connection{SameOrigin: true}

func TestARepeatIsKnownByItsSessionWhereTheCallChangesTheCaller(t *testing.T) {
	for name, c := range map[string]struct {
		meta, function string
		ended          bool
		shown          map[string]string
		args           element.Args
		want           extension.Scope
	}{
		"another family": {"x.Meta", "logout", false, map[string]string{"Authorization": "Bearer a1"}, element.Args{"b": 1},
			extension.Scope{Caller: element.Caller{UserID: "u", SessionID: "s"}, Args: element.Args{"b": 1}}},
		"login": {sessions.Meta, "loginByCode", false, map[string]string{"lintel_session": "a1"}, element.Args{"loginCode": "l"},
			extension.Scope{Args: element.Args{"loginCode": "l"}}},
		"logout": {sessions.Meta, "logout", false, map[string]string{"lintel_session": "a1"}, element.Args{},
			extension.Scope{Caller: element.Caller{SessionID: "s"}, Args: element.Args{}}},
		"logout, ended": {sessions.Meta, "logout", true, map[string]string{"lintel_session": "a1", "lintel_refresh": "z.1"}, element.Args{},
			extension.Scope{Caller: element.Caller{SessionID: "s"}, Args: element.Args{}}},
		"logout by the refresh cookie": {sessions.Meta, "logout", false, map[string]string{"lintel_refresh": "z.1"}, element.Args{},
			extension.Scope{Caller: element.Caller{SessionID: "z"}, Args: element.Args{}}},
		"refresh by an argument": {sessions.Meta, "refresh", false, nil, element.Args{"refreshToken": "z.1"},
			extension.Scope{Caller: element.Caller{SessionID: "z"}, Args: element.Args{"refreshToken": "z.1"}}},
		"refresh by no token": {sessions.Meta, "refresh", false, nil, element.Args{"refreshToken": "forged"},
			extension.Scope{Args: element.Args{"refreshToken": "forged"}}},
	} {
		t.Run(name, func(t *testing.T) {
			exchange, err := identify(t, &fakeService{ended: c.ended}, sameOrigin, c.shown).Begin(c.meta, c.function, c.args)
			require.NoError(t, err)
			require.Equal(t, c.want, exchange.Scope(t.Context()))
		})
	}
}

func TestAKeptRefreshFitsTheTokenOfTheCookieAndTheOneBefore(t *testing.T) {
	exchange, err := identify(t, &fakeService{}, sameOrigin, map[string]string{"lintel_refresh": "z.4"}).Begin(sessions.Meta, "refresh", element.Args{})
	require.NoError(t, err)
	require.Equal(t, element.Args{"refreshToken": "z.4"}, exchange.Args())
	scope := exchange.Scope(t.Context())
	require.Equal(t, element.Args{}, scope.Args, "the cookie is not part of the request")
	for token, want := range map[string]bool{"z.4": true, "z.5": true, "z.6": false, "z.3": false, "y.5": false, "forged": false} {
		require.Equal(t, want, scope.Continues(json.RawMessage(`{"refreshToken":"`+token+`"}`)), token)
	}
}

func TestCookiesOfAnotherOriginsPageDontCount(t *testing.T) {
	shown := map[string]string{"lintel_session": "a1", "lintel_refresh": "z.1", "lintel_device": "d"}
	require.Equal(t, element.Caller{UserID: "u", SessionID: "s", Device: "d"}, identify(t, &fakeService{}, sameOrigin, shown).Caller())
	foreign := identify(t, &fakeService{}, extension.Connection{}, shown)
	require.Equal(t, element.Caller{}, foreign.Caller())
	exchange, err := foreign.Begin(sessions.Meta, "refresh", element.Args{})
	require.NoError(t, err)
	require.Empty(t, exchange.Args())
	_, err = foreign.Begin(sessions.Meta, "loginByCode", element.Args{"platform": "web"})
	require.ErrorIs(t, err, errcode.Forbidden)
}

func TestAnExpiredAccessTokenIsRenewedByTheRefreshCookie(t *testing.T) {
	session := identify(t, &fakeService{}, sameOrigin, map[string]string{"lintel_refresh": "z.1"})
	require.Empty(t, session.Caller().UserID)
	w := httptest.NewRecorder()
	require.NoError(t, session.Renew(t.Context(), func(_ context.Context, fullName, function string) error {
		require.Equal(t, sessions.Official, fullName)
		exchange, err := session.Begin(sessions.Meta, function, element.Args{})
		require.NoError(t, err)
		rest, err := exchange.Finish(w, json.RawMessage(`{"accessToken":"a1","refreshToken":"z.2","expiresIn":900,"userId":"u"}`), nil)
		require.JSONEq(t, `{"expiresIn":900,"userId":"u"}`, string(rest))
		return err
	}))
	require.Equal(t, "u", session.Caller().UserID)
	require.Len(t, w.Result().Cookies(), 2)

	require.NoError(t, session.Renew(t.Context(), func(context.Context, string, string) error {
		require.Fail(t, "who is signed in needs nothing")
		return nil
	}))
	session = identify(t, &fakeService{}, sameOrigin, map[string]string{"lintel_refresh": "z.1"})
	require.NoError(t, session.Renew(t.Context(), func(context.Context, string, string) error {
		return errcode.New(errcode.LoginRequired, "the session has ended")
	}))
	require.Empty(t, session.Caller().UserID)
}
