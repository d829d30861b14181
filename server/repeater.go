package server

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/runtime/element"
)

// repeater is whom a repeat must come from. Where a session service's answer makes
// the caller somebody else or nobody, that is not who calls now, but what the first
// request and its repeat have in common.
type repeater struct {
	caller element.Caller
	// args are those that a repeat must have.
	args element.Args
	// family and generation are of the refresh token that came from a cookie: a
	// browser that had the first answer shows the token of that answer.
	family     func(refreshToken string) (sessionID string, generation int64, ok bool)
	generation int64
}

// repeater finds it out. given are the client's arguments, args those with what
// cookies have brought.
//
//   - loginByCode: what it names is enough. A browser that repeats it has the
//     session's cookie by then, and would end that session by using its loginCode
//     twice.
//   - logout and endSession: the session whose token is shown, which may have ended.
//   - refresh: the session whose refresh token it is.
func (s *Server) repeater(ctx context.Context, c sessionCookies, given, args element.Args) repeater {
	as := repeater{caller: c.caller, args: args}
	if c.function == "" {
		return as
	}
	if c.function == "loginByCode" {
		return repeater{args: args}
	}
	a, release, err := s.authority()
	defer release()
	if err != nil || a == nil {
		return as
	}
	refreshToken, _ := args["refreshToken"].(string)
	family, generation, genuine := a.Family(refreshToken)
	switch c.function {
	case "logout", "endSession":
		session := c.caller.SessionID
		if session == "" && c.token != "" {
			session = a.Genuine(ctx, c.token).SessionID
		}
		if session == "" && c.function == "logout" {
			session = family
		}
		return repeater{caller: element.Caller{SessionID: session}, args: given}
	case "refresh":
		if !genuine {
			break
		}
		r := repeater{caller: element.Caller{SessionID: family}, args: given}
		if c.shown {
			r.family, r.generation = a.Family, generation
		}
		return r
	}
	return as
}

// goesOnTo says whether a kept answer is this one's: of a refresh by a cookie, that
// of the token which the cookie holds, or of the one before it. To a browser that
// has gone on since, old tokens would cost its session.
func (r repeater) goesOnTo(data json.RawMessage) bool {
	if r.family == nil {
		return true
	}
	var answer struct {
		Refresh string `json:"refreshToken"`
	}
	if json.Unmarshal(data, &answer) != nil {
		return false
	}
	session, generation, ok := r.family(answer.Refresh)
	return ok && session == r.caller.SessionID && (generation == r.generation || generation == r.generation+1)
}
