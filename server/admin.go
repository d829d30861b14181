package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// AdminHandler is the operators' listener's: /metrics, /readyz, /status. With a
// token each request must show it (Authorization: Bearer); without one whoever
// reaches the listener is believed, as on a socket that only its owner can open.
func (s *Server) AdminHandler(token string) http.Handler {
	r := router{mux: http.NewServeMux(), server: s}
	r.on("GET", "/metrics", s.metrics.handler().ServeHTTP)
	r.on("GET", "/readyz", s.readyzDetails)
	r.on("GET", "/healthz", s.healthz)
	r.on("GET", "/status", s.status)
	return s.observed(s.holders(token, r.handler()))
}

// holders lets the holders of a token through.
func (s *Server) holders(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, _ := bearerOf(r.Header)
		got := sha256.Sum256([]byte(shown))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			s.refuse(w, r, errcode.New(errcode.LoginRequired, "no operator"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
