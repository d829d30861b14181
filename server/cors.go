package server

import (
	"fmt"
	"net/http"

	"github.com/lintel-run/lintel/web"
)

// trustOrigins lets pages of exact origins call, and their requests' cookies count.
func (s *Server) trustOrigins(list []string) (map[string]bool, error) {
	origins, err := web.ParseOrigins("corsOrigins", list)
	if err != nil {
		return nil, err
	}
	trusted := make(map[string]bool, len(origins))
	for _, origin := range origins {
		if err := s.origin.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("corsOrigins: %w", err)
		}
		trusted[origin] = true
	}
	return trusted, nil
}

// crossOrigin lets a page of a named origin read the answer (Fetch standard, CORS
// protocol). false: the request's origin is none of them.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	if len(s.cors) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !s.cors[origin] {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")
	return true
}

// readable wraps what pages of named origins may read.
func (s *Server) readable(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.crossOrigin(w, r)
		next(w, r)
	}
}

// preflight answers the question that browsers ask before a call (Fetch standard,
// CORS-preflight request). Without named origins OPTIONS is a method like any other.
func (r router) preflight(pattern string) {
	if len(r.server.cors) == 0 {
		return
	}
	r.mux.HandleFunc("OPTIONS "+pattern, func(w http.ResponseWriter, q *http.Request) {
		if r.server.crossOrigin(w, q) {
			h := w.Header()
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Lintel-Device")
			h.Set("Access-Control-Max-Age", "600")
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
