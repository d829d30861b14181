package server

import (
	"net/http"
	"path"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
)

const callPath = "/api/{org}/{app}/{call...}"

const callPattern = "POST " + callPath

// routes lists the public listener's paths.
func (s *Server) routes() http.Handler {
	r := router{mux: http.NewServeMux(), server: s}
	r.on("POST", callPath, s.call)
	r.on("GET", "/.well-known/jwks.json", s.jwks)
	r.on("GET", "/healthz", s.healthz)
	r.on("GET", "/readyz", s.readyz)
	r.mux.HandleFunc(receiptPattern, s.receipt)
	if s.info.Dev {
		r.on("GET", "/_dev/outbox", s.outboxPage)
		r.on("GET", "/_dev/outbox.json", s.outboxJSON)
	}
	return r.handler()
}

// router is a mux whose answers to wrong methods and unknown paths are envelopes.
type router struct {
	mux    *http.ServeMux
	server *Server
}

// on registers a path for one method; GET has HEAD with it.
func (r router) on(method, pattern string, handler http.HandlerFunc) {
	allow := method
	if method == http.MethodGet {
		allow = "GET, HEAD"
	}
	r.mux.HandleFunc(method+" "+pattern, handler)
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Allow", allow)
		r.server.refuse(w, q, refusal{
			err:    errcode.New(errcode.Params, "this path takes %s only", allow),
			status: http.StatusMethodNotAllowed,
		})
	})
}

// handler answers by the mux, but for paths that the mux would redirect.
func (r router) handler() http.Handler {
	r.mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) { r.server.refuse(w, q, notFound()) })
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		p := q.URL.Path
		if clean := path.Clean(p); p != clean && p != clean+"/" || !strings.HasPrefix(p, "/") {
			r.server.refuse(w, q, notFound())
			return
		}
		r.mux.ServeHTTP(w, q)
	})
}

func notFound() error { return errcode.New(errcode.ElementNotFound, "there is nothing here") }
