package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// authority is what the server needs of the AuthSvc element; sessions.Service is
// one. Its methods are called from any goroutine, for each request.
type authority interface {
	// Authenticate says whose access token it is: LOGIN_REQUIRED for one that
	// isn't alive, another error when that can't be found out.
	Authenticate(ctx context.Context, accessToken string) (element.Caller, error)
	// Genuine says whose access token it is, whatever has become of the session;
	// nobody's for one that is not genuine, has expired, or can't be looked at now.
	Genuine(ctx context.Context, accessToken string) element.Caller
	// Family says which session a genuine refresh token is of, and which of the
	// session's tokens it is, counted from 1.
	Family(refreshToken string) (sessionID string, generation int64, ok bool)
	// JWKS gives the keys that verify access tokens.
	JWKS(ctx context.Context) ([]byte, error)
	// PublicURL is where clients reach the app, "" when nobody said.
	PublicURL() string
	SetPublicURL(public string) error
}

var _ authority = (*sessions.Service)(nil)

// authority gives the current AuthSvc, nil when it is none of ours: then nobody
// is ever signed in here.
func (s *Server) authority() (authority, func(), error) {
	instance, release, err := s.app.Builtin(sessions.Official)
	if err != nil {
		return nil, func() {}, err
	}
	a, ok := instance.(authority)
	if !ok {
		release()
		return nil, func() {}, nil
	}
	if s.publicURL != "" && a.PublicURL() != s.publicURL {
		if err := a.SetPublicURL(s.publicURL); err != nil {
			release()
			return nil, func() {}, errcode.Wrap(err, errcode.Internal, "the public URL")
		}
	}
	return a, release, nil
}

// visitor is who makes a request, and how far it is to be believed.
type visitor struct {
	caller element.Caller
	// token is the access token that was shown, whatever it is worth.
	token string
	// sameOrigin: no page of another origin made the request, so cookies count.
	sameOrigin bool
	// secure: it came over https.
	secure bool
	// base is the path in front of the app's, as clients see it.
	base string
}

// visitor finds out who calls: the bearer of a token, else the session cookie's
// user, else nobody.
func (s *Server) visitor(ctx context.Context, r *http.Request) (visitor, error) {
	v := visitor{sameOrigin: s.origin.Check(r) == nil}
	a, release, unavailable := s.authority()
	defer release()
	public := s.publicURL
	if a != nil {
		public = a.PublicURL()
	}
	v.secure = s.isSecure(r, public)
	if u, err := url.Parse(public); err == nil {
		v.base = strings.TrimSuffix(u.Path, "/")
	}
	token, bearer := bearerOf(r.Header)
	if !bearer {
		token = v.cookie(r, sessionCookie)
	}
	v.token = token
	if token != "" {
		if unavailable != nil {
			return v, unavailable
		}
		if a != nil {
			caller, err := a.Authenticate(ctx, token)
			if err != nil && !errors.Is(err, errcode.LoginRequired) {
				return v, err
			}
			v.caller = caller
		}
	}
	v.caller.Address = s.clientAddress(r)
	if v.caller.Device = r.Header.Get("Lintel-Device"); v.caller.Device == "" {
		v.caller.Device = v.cookie(r, deviceCookie)
	}
	return v, nil
}

// bearerOf gives the token of Authorization: Bearer, and whether there was one.
func bearerOf(h http.Header) (string, bool) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}

// isSecure says whether the client's connection is https: here, by what the
// operator says, or by a trusted proxy's word.
func (s *Server) isSecure(r *http.Request, public string) bool {
	if r.TLS != nil || strings.HasPrefix(public, "https://") {
		return true
	}
	peer, ok := readAddress(r.RemoteAddr)
	if !ok || !isTrusted(peer, s.trusted) {
		return false
	}
	said := r.Header.Values("X-Forwarded-Proto")
	if len(said) == 0 {
		return false
	}
	words := strings.Split(said[len(said)-1], ",")
	return strings.EqualFold(strings.TrimSpace(words[len(words)-1]), "https")
}

// jwks serves the keys that verify access tokens.
func (s *Server) jwks(w http.ResponseWriter, r *http.Request) {
	a, release, err := s.authority()
	defer release()
	if err == nil && a == nil {
		err = notFound()
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	set, err := a.JWKS(r.Context())
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=60")
	_, _ = w.Write(set)
}
