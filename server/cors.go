package server

import (
	"fmt"
	"net/http"

	"github.com/lintel-run/lintel/server/extension"
)

// trustOrigins lets pages of exact origins call, with cookies.
func (s *Server) trustOrigins(list []string) error {
	origins, err := extension.ParseOrigins("corsOrigins", list)
	if err != nil {
		return err
	}
	s.cors = make(map[string]bool, len(origins))
	for _, origin := range origins {
		if err := s.origin.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("corsOrigins: %w", err)
		}
		s.cors[origin] = true
	}
	return nil
}

// allowOrigin lets a page of a trusted origin read the answer (Fetch standard,
// CORS protocol), and reports whether the request is such a page's.
func (q *request) allowOrigin() bool {
	if len(q.server.cors) == 0 {
		return false
	}
	h := q.Header()
	h.Add("Vary", "Origin")
	origin := q.r.Header.Get("Origin")
	if !q.server.cors[origin] {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")
	return true
}

// readable lets pages of trusted origins read the answers of a handler.
func readable(next handler) handler {
	return func(q *request) error {
		q.allowOrigin()
		return next(q)
	}
}

// preflight answers the question that browsers ask before a call (Fetch standard,
// CORS-preflight request).
func (r router) preflight(pattern string) {
	r.handle(http.MethodOptions+" "+pattern, nil, func(q *request) error {
		if q.allowOrigin() {
			h := q.Header()
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Lintel-Device")
			h.Set("Access-Control-Max-Age", "600")
		}
		q.WriteHeader(http.StatusNoContent)
		return nil
	})
}
