package sessionhttp

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// exchange is one call of a function.
type exchange struct {
	*session
	// function of a session service, empty for other calls.
	function string
	// given are the client's arguments, args those with the refresh cookie.
	given, args element.Args
	// fromCookie: the refresh token came from the cookie.
	fromCookie bool
	// inCookies: the tokens of the answer go into cookies and leave the body.
	inCookies bool
	// ends: the call takes the cookies away, whatever its answer.
	ends bool
}

// addRefreshCookie adds the refresh cookie to the arguments of a client that named
// no token.
func (e *exchange) addRefreshCookie() {
	if _, named := e.given["refreshToken"]; named {
		return
	}
	if token := e.cookie(refreshCookie); token != "" {
		e.args = maps.Clone(e.given)
		e.args["refreshToken"] = token
		e.fromCookie = true
	}
}

// Args implements extension.Exchange.
func (e *exchange) Args() element.Args { return e.args }

// Finish implements extension.Exchange.
func (e *exchange) Finish(w http.ResponseWriter, answer json.RawMessage, err error) (json.RawMessage, error) {
	if nobody := errors.Is(err, errcode.LoginRequired); e.ends && (err == nil || nobody) || e.inCookies && e.fromCookie && nobody {
		e.clearCookies(w)
	}
	if err != nil || !e.inCookies {
		return answer, err
	}
	var body map[string]json.RawMessage
	var tokens struct {
		Access  string `json:"accessToken"`
		Refresh string `json:"refreshToken"`
		Device  string `json:"deviceToken"`
		Life    int64  `json:"expiresIn"`
	}
	if json.Unmarshal(answer, &body) != nil || json.Unmarshal(answer, &tokens) != nil || tokens.Access == "" {
		return nil, errcode.New(errcode.Internal, "the answer of the session service holds no tokens")
	}
	e.renewed = tokens.Access
	e.setCookie(w, sessionCookie, tokens.Access, time.Duration(tokens.Life)*time.Second)
	if tokens.Refresh != "" {
		e.setCookie(w, refreshCookie, tokens.Refresh, refreshCookieLife)
	}
	if tokens.Device != "" {
		e.setCookie(w, deviceCookie, tokens.Device, deviceCookieLife)
	}
	for _, name := range []string{"accessToken", "refreshToken", "deviceToken"} {
		delete(body, name)
	}
	rest, err := json.Marshal(body)
	if err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "the answer of the session service")
	}
	return rest, nil
}

// Scope implements extension.Exchange. Where the answer of the service makes the
// caller somebody else, or nobody, a repeat is not known by who makes it:
//
//   - loginByCode: by its arguments alone. A browser that repeats it has the
//     session's cookie by then, and would end the session by using its loginCode
//     twice.
//   - logout and endSession: by the session of the token, which may have ended.
//   - refresh: by the session of the refresh token.
func (e *exchange) Scope(ctx context.Context) extension.Scope {
	plain := extension.Scope{Caller: e.caller, Args: e.args}
	switch e.function {
	case "":
		return plain
	case "loginByCode":
		return extension.Scope{Args: e.args}
	}
	svc, release, err := e.sessions.service()
	defer release()
	if err != nil || svc == nil {
		return plain
	}
	refreshToken, _ := e.args["refreshToken"].(string)
	family, generation, genuine := svc.Family(refreshToken)
	switch e.function {
	case "logout", "endSession":
		session := e.caller.SessionID
		if session == "" && e.shown != "" {
			session = svc.Genuine(ctx, e.shown).SessionID
		}
		if session == "" && e.function == "logout" {
			session = family
		}
		return extension.Scope{Caller: element.Caller{SessionID: session}, Args: e.given}
	case "refresh":
		if !genuine {
			break
		}
		scope := extension.Scope{Caller: element.Caller{SessionID: family}, Args: e.given}
		if e.fromCookie {
			scope.Continues = func(answer json.RawMessage) bool { return continues(svc, answer, family, generation) }
		}
		return scope
	}
	return plain
}

// continues reports whether the answer to a refresh holds the token of the
// browser's cookie, or its successor. To a browser that has a newer token, an
// old one would cost its session.
func continues(svc service, answer json.RawMessage, family string, generation int64) bool {
	var tokens struct {
		Refresh string `json:"refreshToken"`
	}
	if json.Unmarshal(answer, &tokens) != nil {
		return false
	}
	session, n, ok := svc.Family(tokens.Refresh)
	return ok && session == family && (n == generation || n == generation+1)
}
