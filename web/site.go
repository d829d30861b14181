// Package web is the pages of an app: signing in, the account, the description of
// the API. A page is a form that works by itself; its module only spares it the
// loading of whole pages, counts seconds down and does what a captcha asks for.
//
// It knows what logging in with a phone is like for a person. It knows neither
// sessions nor stores nor plugins: what it does, it does by calls of elements, as
// a client from outside would.
package web

import (
	"encoding/json"
	"net/http"
)

// Site is what the pages need of the server behind them. Its methods are called
// from any goroutine.
type Site interface {
	AppID() string
	// AppTitle is shown where a login has no title of its own.
	AppTitle() string
	// PhoneLogins are the full names of the logins that a person may choose from.
	PhoneLogins() ([]string, error)
	// Visit finds out who makes a request, renewing a session whose access token
	// has run out; cookies go to w.
	Visit(w http.ResponseWriter, r *http.Request) (Visit, error)
	// SameOrigin says whether no page of another origin made the request.
	SameOrigin(r *http.Request) bool
	// Cookie gives the name that a cookie has for this request, and whether it is
	// to be sent over https only.
	Cookie(r *http.Request, name string) (named string, secure bool)
	// Refuse answers a request that no page is for.
	Refuse(w http.ResponseWriter, r *http.Request, err error)
	// Failure is Refuse for a page to say: the error as strangers may know it, and
	// its status.
	Failure(r *http.Request, err error) (status int, failed *Failure)
	// Key derives a key from the app's secret.
	Key(purpose string) ([]byte, error)
}

// Visit is one request's visitor.
type Visit interface {
	SignedIn() bool
	// Call runs a function as the visitor. key names the request, so that sending
	// a form twice does its work once; "" for what changes nothing.
	Call(fullName, function string, args map[string]any, key string) (json.RawMessage, *Failure)
}

// Failure is an error as strangers may know it.
type Failure struct {
	Code      string
	RequestID string
	// Wait is how long to wait before the next attempt, in seconds; 0: not said.
	Wait int64
	Data map[string]any
}

// SessionService is the element that keeps sessions.
const SessionService = "auths.loginTypes.services.AuthSvc"
