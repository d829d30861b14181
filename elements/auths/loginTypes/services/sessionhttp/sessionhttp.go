// Package sessionhttp carries sessions over HTTP: which token a request shows, and
// which tokens of an answer travel in cookies. It implements the server's
// extension.Sessions with the app's official session service.
//
// The tokens themselves, and the stores behind them, are package sessions' matter.
package sessionhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// service is what is needed of a sessions.Service. Its methods may be called from
// any goroutine.
type service interface {
	Authenticate(ctx context.Context, accessToken string) (element.Caller, error)
	Genuine(ctx context.Context, accessToken string) element.Caller
	Family(refreshToken string) (sessionID string, generation int64, ok bool)
	JWKS(ctx context.Context) ([]byte, error)
	PublicURL() string
	SetPublicURL(public string) error
}

var _ service = (*sessions.Service)(nil)

// app is what is needed of an extension.App.
type app interface {
	Builtin(fullName string) (element.Instance, func(), error)
}

// Sessions implements extension.Sessions.
type Sessions struct {
	app       app
	publicURL string
}

var _ extension.Sessions = (*Sessions)(nil)

// New returns the sessions of an app. publicURL is where clients reach the app; it
// wins over the configuration of the session service, and may be empty.
func New(app app, publicURL string) (*Sessions, error) {
	if publicURL != "" {
		if err := sessions.CheckPublicURL(publicURL); err != nil {
			return nil, err
		}
	}
	return &Sessions{app, publicURL}, nil
}

// SessionCookie implements extension.Sessions.
func (*Sessions) SessionCookie() string { return sessionCookie }

// PublicURL implements extension.Sessions.
func (s *Sessions) PublicURL() string {
	if s.publicURL != "" {
		return s.publicURL
	}
	svc, release, err := s.service()
	defer release()
	if err != nil || svc == nil {
		return ""
	}
	return svc.PublicURL()
}

// service returns the app's session service, nil when the app has put something
// else in its place: then nobody is ever signed in here.
func (s *Sessions) service() (service, func(), error) {
	instance, release, err := s.app.Builtin(sessions.Official)
	if err != nil {
		return nil, func() {}, err
	}
	svc, ok := instance.(service)
	if !ok {
		release()
		return nil, func() {}, nil
	}
	if s.publicURL != "" && svc.PublicURL() != s.publicURL {
		if err := svc.SetPublicURL(s.publicURL); err != nil {
			release()
			return nil, func() {}, errcode.Wrap(err, errcode.Internal, "the public URL")
		}
	}
	return svc, release, nil
}

// Routes returns the paths that sessions add to the server: the keys that verify
// access tokens.
func (s *Sessions) Routes() []extension.Route {
	return []extension.Route{{Pattern: "/.well-known/jwks.json", Methods: []string{http.MethodGet, http.MethodHead}, Serve: s.jwks}}
}

func (s *Sessions) jwks(r extension.Request) error {
	svc, release, err := s.service()
	defer release()
	if err != nil {
		return err
	}
	if svc == nil {
		return errcode.New(errcode.ElementNotFound, "there is no session service")
	}
	keys, err := svc.JWKS(r.HTTP().Context())
	if err != nil {
		return err
	}
	h := r.Writer().Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(sessions.JWKSCacheTTL.Seconds())))
	_, _ = r.Writer().Write(keys)
	return nil
}

// session is what one request shows.
type session struct {
	extension.Connection
	sessions *Sessions
	r        *http.Request
	caller   element.Caller
	// shown is the access token of the request, whatever it is worth.
	shown string
	// renewed is the access token that an answer has put into a cookie.
	renewed string
}

// Identify implements extension.Sessions: the bearer of a token, else the user of
// the session cookie, else nobody.
func (s *Sessions) Identify(ctx context.Context, r *http.Request, connect func(publicURL string) extension.Connection) (extension.Session, error) {
	svc, release, unavailable := s.service()
	defer release()
	public := s.publicURL
	if svc != nil {
		public = svc.PublicURL()
	}
	v := &session{sessions: s, r: r, Connection: connect(public)}
	var bearer bool
	if v.shown, bearer = extension.BearerToken(r.Header); !bearer {
		v.shown = v.cookie(sessionCookie)
	}
	if v.shown != "" {
		if unavailable != nil {
			return nil, unavailable
		}
		if err := v.authenticate(ctx, svc, v.shown); err != nil {
			return nil, err
		}
	}
	if v.caller.Device = r.Header.Get("Lintel-Device"); v.caller.Device == "" {
		v.caller.Device = v.cookie(deviceCookie)
	}
	return v, nil
}

// authenticate makes the user of a living access token the caller.
func (v *session) authenticate(ctx context.Context, svc service, token string) error {
	if svc == nil {
		return nil
	}
	caller, err := svc.Authenticate(ctx, token)
	if err != nil && !errors.Is(err, errcode.LoginRequired) {
		return err
	}
	v.caller.UserID, v.caller.SessionID = caller.UserID, caller.SessionID
	return nil
}

// Caller implements extension.Session.
func (v *session) Caller() element.Caller { return v.caller }

// Renew implements extension.Session: the refresh cookie opens a new access token.
func (v *session) Renew(ctx context.Context, call func(ctx context.Context, fullName, function string) error) error {
	if v.caller.UserID != "" || v.cookie(refreshCookie) == "" {
		return nil
	}
	err := call(ctx, sessions.Official, "refresh")
	if errors.Is(err, errcode.LoginRequired) || errors.Is(err, errcode.ElementNotFound) {
		return nil // still nobody
	}
	if err != nil {
		return err
	}
	svc, release, err := v.sessions.service()
	defer release()
	if err != nil {
		return err
	}
	return v.authenticate(ctx, svc, v.renewed)
}

// Begin implements extension.Session. Only the functions of session services have to
// do with tokens.
func (v *session) Begin(meta, function string, args element.Args) (extension.Exchange, error) {
	e := &exchange{session: v, given: args, args: args}
	if meta != sessions.Meta {
		return e, nil
	}
	e.function = function
	switch function {
	case "loginByCode":
		e.inCookies = args["platform"] == "web"
		if e.inCookies && !v.SameOrigin {
			return nil, errcode.New(errcode.Forbidden, "another origin's page can't open a session here")
		}
	case "refresh":
		e.addRefreshCookie()
		e.inCookies = e.fromCookie
	case "logout":
		e.ends = v.SameOrigin
		if v.caller.UserID == "" {
			e.addRefreshCookie()
		}
	}
	return e, nil
}
