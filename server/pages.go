package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/web"
)

// site is the Server as the pages see it.
type site struct{ *Server }

var _ web.Site = site{}

// AppID implements web.Site.
func (s site) AppID() string { return s.info.AppID }

// AppTitle implements web.Site.
func (s site) AppTitle() string { return s.info.Title }

// PhoneLogins implements web.Site.
func (s site) PhoneLogins() ([]string, error) {
	found, err := s.app.Select(".auths.loginTypes.PhoneType")
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for _, e := range found {
		if define, err := s.app.GetElementDefine(e.FullName()); err == nil && len(define.Functions) > 0 {
			names = append(names, e.FullName())
		}
	}
	return names, nil
}

// SameOrigin implements web.Site.
func (s site) SameOrigin(r *http.Request) bool { return s.origin.Check(r) == nil }

// Cookie implements web.Site.
func (s site) Cookie(r *http.Request, name string) (named string, secure bool) {
	public := s.publicURL
	if a, release, err := s.authority(); err == nil && a != nil {
		public = a.PublicURL()
		release()
	}
	secure = s.isSecure(r, public)
	return cookieName(name, secure), secure
}

// Refuse implements web.Site.
func (s site) Refuse(w http.ResponseWriter, r *http.Request, err error) { s.refuse(w, r, err) }

// Failure implements web.Site.
func (s site) Failure(r *http.Request, err error) (status int, failed *web.Failure) {
	rec := recordOf(r.Context())
	failed = s.failureOf(r, rec.element, rec.function, err)
	entry, _ := s.errors.lookup(errcode.Code(failed.Code))
	status = entry.Status
	var own refusal
	if errors.As(err, &own) {
		status = own.status
	}
	return status, failed
}

// Key implements web.Site.
func (s site) Key(purpose string) ([]byte, error) { return s.app.Key(purpose) }

// Visit implements web.Site.
func (s site) Visit(w http.ResponseWriter, r *http.Request) (web.Visit, error) {
	ctx, cancel := context.WithTimeout(r.Context(), callTime)
	defer cancel()
	who, err := s.visitor(ctx, r)
	if err != nil {
		return nil, err
	}
	recordOf(r.Context()).address = who.caller.Address
	v := &pageVisit{server: s.Server, w: w, r: r, visitor: who}
	if who.caller.UserID == "" && who.cookie(r, refreshCookie) != "" {
		if err := v.renew(ctx); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// pageVisit is the visitor of one page.
type pageVisit struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	visitor
}

// SignedIn implements web.Visit.
func (v *pageVisit) SignedIn() bool { return v.caller.UserID != "" }

// renew gives somebody whose access token has run out, but whose session hasn't,
// new cookies; others stay nobody.
func (v *pageVisit) renew(ctx context.Context) error {
	target, err := v.server.app.Find(sessions.Official)
	if err != nil {
		return nil // without the element nobody is signed in
	}
	seen := &cookieSpy{ResponseWriter: v.w, name: cookieName(sessionCookie, v.secure)}
	_, err = v.server.perform(ctx, seen, v.r, v.visitor, target, "refresh", element.Args{}, "")
	if errors.Is(err, errcode.LoginRequired) {
		return nil
	}
	if err != nil {
		return err
	}
	a, release, err := v.server.authority()
	defer release()
	if err != nil || a == nil {
		return err
	}
	caller, err := a.Authenticate(ctx, seen.value())
	if err != nil && !errors.Is(err, errcode.LoginRequired) {
		return err
	}
	v.caller.UserID, v.caller.SessionID = caller.UserID, caller.SessionID
	return nil
}

// cookieSpy reads back a cookie that was set: the new access token is nowhere else.
type cookieSpy struct {
	http.ResponseWriter
	name string
}

func (s *cookieSpy) value() string {
	for _, line := range s.Header().Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == s.name {
			return c.Value
		}
	}
	return ""
}

// Call implements web.Visit.
func (v *pageVisit) Call(fullName, function string, args map[string]any, key string) (json.RawMessage, *web.Failure) {
	ctx, cancel := context.WithTimeout(v.r.Context(), callTime)
	defer cancel()
	target, err := v.server.app.Find(fullName)
	var data json.RawMessage
	if err == nil {
		data, err = v.server.perform(ctx, v.w, v.r, v.visitor, target, function, element.Args(args), key)
	}
	if err == nil {
		return data, nil
	}
	return nil, v.server.failureOf(v.r, fullName, function, err)
}
