package sessions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestUserSeesAndEndsTheirSessions(t *testing.T) {
	s := newStand(t)
	mine, other := s.login(), s.login()
	who, err := s.service.Authenticate(t.Context(), mine["accessToken"].(string))
	require.NoError(t, err)
	ctx := element.WithCaller(t.Context(), who)

	user, err := s.service.Call(ctx, "currentUser", nil)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"userId": testUser, "nick": "Li", "phone": "138****8000", "corpId": "c1", "platform": "api", "sessionId": who.SessionID,
		"corpList": []any{map[string]any{"corpId": "c1", "corpName": "Acme"}},
	}, user)

	list, err := s.service.Call(ctx, "sessions", nil)
	require.NoError(t, err)
	require.Len(t, list, 2)
	for _, one := range list.([]any) {
		session := one.(map[string]any)
		require.Equal(t, session["sessionId"] == who.SessionID, session["current"])
		if session["current"] == true {
			continue
		}
		_, err = s.service.Call(ctx, "endSession", element.Args{"sessionId": session["sessionId"]})
		require.NoError(t, err)
	}
	_, err = s.service.Authenticate(t.Context(), other["accessToken"].(string))
	require.ErrorIs(t, err, errcode.LoginRequired)
	_, err = s.service.Authenticate(t.Context(), mine["accessToken"].(string))
	require.NoError(t, err)
}

func TestAnothersSessionIsForbidden(t *testing.T) {
	s := newStand(t)
	who, err := s.service.Authenticate(t.Context(), s.login()["accessToken"].(string))
	require.NoError(t, err)
	ctx := element.WithCaller(t.Context(), element.Caller{UserID: "somebody", SessionID: "theirs"})
	_, err = s.service.Call(ctx, "endSession", element.Args{"sessionId": who.SessionID})
	require.ErrorIs(t, err, errcode.Forbidden)
}

func TestNobodyHasNoAccount(t *testing.T) {
	s := newStand(t)
	for _, function := range []string{"logout", "currentUser", "sessions", "endSession"} {
		_, err := s.service.Call(t.Context(), function, element.Args{"sessionId": "x"})
		require.ErrorIs(t, err, errcode.LoginRequired, function)
	}
}

func TestLogoutWithARefreshTokenEndsItsSession(t *testing.T) {
	s := newStand(t)
	out := s.login()
	_, err := s.service.Call(t.Context(), "logout", element.Args{"refreshToken": out["refreshToken"]})
	require.NoError(t, err)
	_, err = s.refresh(out["refreshToken"].(string))
	require.ErrorIs(t, err, errcode.LoginRequired)
}

func TestPublicURLMustBeOne(t *testing.T) {
	for url, good := range map[string]bool{
		"https://a.example": true, "http://localhost:8080": true, "https://a.example/app": true,
		"": false, "a.example": false, "ftp://a.example": false, "https://u:p@a.example": false,
		"https://a.example/?q": false, "https://a.example/#f": false, "https:///x": false,
	} {
		require.Equal(t, good, CheckPublicURL(url) == nil, url)
	}
}
