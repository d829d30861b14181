package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// The cookies, by the names they have over plain http.
const (
	sessionCookie = "lintel_session"
	refreshCookie = "lintel_refresh"
	deviceCookie  = "lintel_device"
)

// How long the cookies that outlive an access token are kept by browsers.
const (
	refreshCookieLife = 30 * 24 * time.Hour
	deviceCookieLife  = 180 * 24 * time.Hour
)

// cookieName gives a cookie's name: over https with a prefix that keeps other
// hosts, and whoever can write plain http, from setting it (RFC 6265bis, 4.1.3).
func cookieName(name string, secure bool) string {
	switch {
	case !secure:
		return name
	case name == refreshCookie: // has a path of its own
		return "__Secure-" + name
	}
	return "__Host-" + name
}

// cookie reads a cookie; none counts in a request that another origin made.
func (v visitor) cookie(r *http.Request, name string) string {
	if !v.sameOrigin {
		return ""
	}
	c, err := r.Cookie(cookieName(name, v.secure))
	if err != nil {
		return ""
	}
	return c.Value
}

// sessionCookies is what one call does with cookies: nothing, but for the
// functions of a session service.
type sessionCookies struct {
	visitor
	// hold: the tokens of the answer go into cookies and leave the body.
	hold bool
	// shown: the refresh token came from the cookie.
	shown bool
	// logout: the cookies go, whatever the answer.
	logout bool
	// function of a session service, "" for any other.
	function string
}

// newSessionCookies puts the refresh cookie into the arguments where the function
// takes it and the client named none.
func newSessionCookies(r *http.Request, v visitor, target Element, function string, args element.Args) (sessionCookies, error) {
	c := sessionCookies{visitor: v}
	if target.Meta() != sessions.Meta {
		return c, nil
	}
	c.function = function
	switch function {
	case "loginByCode":
		c.hold = args["platform"] == "web"
		if c.hold && !v.sameOrigin {
			return c, errcode.New(errcode.Forbidden, "another origin's page can't open a session here")
		}
	case "refresh":
		c.hold = c.show(r, args)
	case "logout":
		c.logout = v.sameOrigin
		if v.caller.UserID == "" {
			c.show(r, args)
		}
	}
	return c, nil
}

func (c *sessionCookies) show(r *http.Request, args element.Args) bool {
	if _, named := args["refreshToken"]; named {
		return false
	}
	token := c.cookie(r, refreshCookie)
	if token == "" {
		return false
	}
	args["refreshToken"] = token
	c.shown = true
	return true
}

// take moves the tokens of an answer into cookies and gives what is left.
func (c sessionCookies) take(w http.ResponseWriter, data json.RawMessage, err error) (json.RawMessage, error) {
	if c.logout && (err == nil || errors.Is(err, errcode.LoginRequired)) ||
		c.hold && c.shown && errors.Is(err, errcode.LoginRequired) {
		c.clear(w)
	}
	if err != nil || !c.hold {
		return data, err
	}
	var body map[string]json.RawMessage
	var tokens struct {
		Access  string `json:"accessToken"`
		Refresh string `json:"refreshToken"`
		Device  string `json:"deviceToken"`
		Life    int64  `json:"expiresIn"`
	}
	if json.Unmarshal(data, &body) != nil || json.Unmarshal(data, &tokens) != nil || tokens.Access == "" {
		return nil, errcode.New(errcode.Internal, "a session service's answer holds no tokens")
	}
	c.set(w, sessionCookie, tokens.Access, time.Duration(tokens.Life)*time.Second)
	if tokens.Refresh != "" {
		c.set(w, refreshCookie, tokens.Refresh, refreshCookieLife)
	}
	if tokens.Device != "" {
		c.set(w, deviceCookie, tokens.Device, deviceCookieLife)
	}
	for _, name := range []string{"accessToken", "refreshToken", "deviceToken"} {
		delete(body, name)
	}
	left, err := json.Marshal(body)
	if err != nil {
		return nil, errcode.Wrap(err, errcode.Internal, "a session service's answer")
	}
	return left, nil
}

// clear takes the session from the browser. The device token stays: it says
// which phones have logged in here, not who is.
func (c sessionCookies) clear(w http.ResponseWriter) {
	c.set(w, sessionCookie, "", -1)
	c.set(w, refreshCookie, "", -1)
}

func (c sessionCookies) set(w http.ResponseWriter, name, value string, life time.Duration) {
	cookie := &http.Cookie{ //nolint:gosec // G124: Secure wherever the client's connection is https
		Name: cookieName(name, c.secure), Value: value, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.secure,
		MaxAge: int(life / time.Second),
	}
	if life < 0 {
		cookie.MaxAge = -1
	}
	if name == refreshCookie {
		// The pages need it as well as the session service: they open a new access
		// token's time for whoever comes back.
		cookie.Path = c.base + "/"
	}
	http.SetCookie(w, cookie)
}
