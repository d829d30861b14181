package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

var _ extension.Request = (*request)(nil)

// HTTP implements extension.Request.
func (q *request) HTTP() *http.Request { return q.r }

// Writer implements extension.Request.
func (q *request) Writer() http.ResponseWriter { return q }

// URL implements extension.Request: the address below the app's public URL where
// that is known, else as the request names it.
func (q *request) URL() string {
	base := q.server.public()
	if base == "" {
		base = "http://" + q.r.Host
		if q.server.isSecure(q.r, "") {
			base = "https://" + q.r.Host
		}
	}
	return strings.TrimSuffix(base, "/") + q.r.URL.RequestURI()
}

// Label implements extension.Request.
func (q *request) Label(fullName, function string) {
	q.element, q.function, q.caller.Address = fullName, function, q.server.clientAddress(q.r)
}

// SameOrigin implements extension.Request.
func (q *request) SameOrigin() bool { return q.server.origin.Check(q.r) == nil }

// CookieName implements extension.Request.
func (q *request) CookieName(name string) (full string, secure bool) {
	c := q.connection(q.server.public())
	return c.CookieName(name), c.Secure
}

// SignIn implements extension.Request.
func (q *request) SignIn() (bool, error) {
	ctx, cancel := context.WithTimeout(q.r.Context(), callTime)
	defer cancel()
	if err := q.identify(ctx); err != nil {
		return false, err
	}
	err := q.session.Renew(ctx, func(ctx context.Context, fullName, function string) error {
		target, err := q.server.app.Find(fullName)
		if err == nil {
			_, err = q.perform(ctx, call{target: target, function: function, args: element.Args{}})
		}
		return err
	})
	if err != nil {
		return false, err
	}
	q.setCaller()
	return q.caller.UserID != "", nil
}

// Elements implements extension.Request.
func (q *request) Elements(selector string) ([]string, error) {
	found, err := q.server.app.Select(selector)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for _, e := range found {
		if definition, err := q.server.app.GetElementDefine(e.FullName()); err == nil && len(definition.Functions) > 0 {
			names = append(names, e.FullName())
		}
	}
	return names, nil
}

// Call implements extension.Request.
func (q *request) Call(fullName, function string, args element.Args, key string) (json.RawMessage, *extension.Failure) {
	ctx, cancel := context.WithTimeout(q.r.Context(), callTime)
	defer cancel()
	target, err := q.server.app.Find(fullName)
	var answer json.RawMessage
	if err == nil {
		answer, err = q.perform(ctx, call{target, function, args, key})
	}
	if err == nil {
		return answer, nil
	}
	q.element, q.function = fullName, function
	return nil, q.Failure(err)
}

// Failure implements extension.Request.
func (q *request) Failure(err error) *extension.Failure {
	a := q.answerTo(err)
	return &extension.Failure{Code: string(a.code), Status: a.status, RequestID: q.id, RetryAfter: retryAfterOf(a.Entry, a.err), Details: detailsOf(a.Entry, a.err)}
}
