package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/server/extension"
)

// AdminHandler is the handler of the operators' listener: /metrics, /readyz with
// details, /status. Each request must show the token as Authorization: Bearer. An
// empty token lets everybody in, for a socket that only its owner can open.
func (s *Server) AdminHandler(token string) http.Handler {
	r := router{http.NewServeMux(), nothing}
	metrics := s.metrics.handler()
	r.handle("/metrics", readMethods, func(q *request) error {
		metrics.ServeHTTP(q, q.r)
		return nil
	})
	r.handle("/readyz", readMethods, (*request).readyzDetails)
	r.handle("/healthz", readMethods, (*request).healthz)
	r.handle("/status", readMethods, (*request).statusDetails)
	return s.serve(requireToken(token, r.handler()))
}

func requireToken(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, _ := extension.BearerToken(r.Header)
		got := sha256.Sum256([]byte(shown))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.(*request).fail(errcode.New(errcode.LoginRequired, "no operator"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
