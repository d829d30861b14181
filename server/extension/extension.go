// Package extension declares what other packages add to the HTTP server: routes,
// the sessions that tie requests to users, and the store of answers that repeated
// requests get. The server implements Request and App; a family of elements, or
// the pages, implement the rest, and the command puts them together.
//
// The package knows neither family nor page.
package extension

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

// Route is a path of the public listener.
type Route struct {
	// Pattern is a path for http.ServeMux, without method and host. / stands for
	// all paths that nothing else serves, with any method.
	Pattern string
	// Methods are those it takes. GET does not include HEAD.
	Methods []string
	// Serve answers a request. An error it returns becomes the API's envelope.
	Serve func(Request) error
}

// Request is a request to a Route. It belongs to one goroutine. Its context has the
// id of the request.
type Request interface {
	HTTP() *http.Request
	Writer() http.ResponseWriter
	// URL returns the address that the client used.
	URL() string
	// Label names the element and function that the request is for, in the log.
	Label(fullName, function string)

	// SameOrigin reports whether no page of another origin made the request.
	SameOrigin() bool
	// CookieName returns the name that a cookie has in this request, and whether
	// the client's connection is https.
	CookieName(name string) (full string, secure bool)
	// SignIn reports whether a user makes the request. It renews a session whose
	// access token has expired.
	SignIn() (bool, error)
	// Elements returns the full names of the elements that a selector finds and
	// that offer functions to callers outside the app.
	Elements(selector string) ([]string, error)
	// Call runs a function as whoever makes the request, after SignIn. key names
	// the call as Idempotency-Key does; empty: a call that changes nothing.
	Call(fullName, function string, args element.Args, key string) (json.RawMessage, *Failure)
	// Failure logs an error and returns it as strangers may know it.
	Failure(err error) *Failure
}

// Failure is an error as strangers may know it.
type Failure struct {
	Code      string
	Status    int
	RequestID string
	// RetryAfter is in seconds; 0: not known.
	RetryAfter int64
	Details    map[string]any
}

// App is what extensions need of a runtime.App..
type App interface {
	Info() runtime.Info
	// Find returns an element by its full name.
	Find(fullName string) (Element, error)
	// Select returns the elements that a selector finds.
	Select(selector string) ([]Element, error)
	Builtin(fullName string) (element.Instance, func(), error)
	BuiltinDefault(kind string) (element.Instance, func(), error)
	Key(purpose string) ([]byte, error)
	PreviousKey(purpose string) ([]byte, error)
}

// Element is what extensions need of a runtime.Element.
type Element interface {
	FullName() string
	Meta() string
	Has(function string) bool
	Admit(ctx context.Context, function string, args runtime.Args) (changes bool, err error)
	Serve(ctx context.Context, function string, args runtime.Args) (json.RawMessage, error)
	Call(ctx context.Context, function string, args ...any) (any, error)
}

// RuntimeApp is a runtime.App as an App.
type RuntimeApp struct{ *runtime.App }

// Find implements App.
func (r RuntimeApp) Find(fullName string) (Element, error) {
	e, err := r.GetElement(fullName)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Select implements App.
func (r RuntimeApp) Select(selector string) ([]Element, error) {
	found, err := r.FindElements(selector)
	if err != nil {
		return nil, err
	}
	elements := make([]Element, len(found))
	for i, e := range found {
		elements[i] = e
	}
	return elements, nil
}

var _ App = RuntimeApp{}

// BearerToken returns the token of Authorization: Bearer, and whether there is one.
func BearerToken(h http.Header) (string, bool) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}
