package server

import (
	"net/http"
	"path"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
)

const (
	appPath     = "/api/{org}/{app}"
	callPath    = appPath + "/{call...}"
	callPattern = "POST " + callPath
)

// routes lists the public listener's paths.
func (s *Server) routes() http.Handler {
	r := router{mux: http.NewServeMux(), server: s}
	r.on("POST", callPath, s.readable(s.call))
	r.preflight(callPath)
	// The mux would redirect it to the path above, as an empty one.
	r.mux.HandleFunc(appPath, r.nothing)
	r.preflight("/openapi.json")
	r.page("/login", s.pages.Login, s.pages.PostLogin)
	r.page("/account", s.pages.Account, s.pages.PostAccount)
	r.on("GET", "/assets/{version}/{file}", s.pages.Asset)
	r.on("GET", "/docs", s.pages.Docs)
	r.on("GET", "/openapi.json", s.readable(s.openAPI))
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
	r.refuseOthers(pattern, allow)
}

func (r router) refuseOthers(pattern, allow string) {
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Allow", allow)
		r.server.refuse(w, q, refusal{
			err:    errcode.New(errcode.Params, "this path takes %s only", allow),
			status: http.StatusMethodNotAllowed,
		})
	})
}

// page registers a page: what is read, and the form that is posted to it.
func (r router) page(pattern string, show, take http.HandlerFunc) {
	r.mux.HandleFunc("GET "+pattern, show)
	r.mux.HandleFunc("POST "+pattern, take)
	r.refuseOthers(pattern, "GET, HEAD, POST")
}

// handler answers by the mux, but for paths that the mux would redirect.
func (r router) handler() http.Handler {
	r.mux.HandleFunc("/", r.nothing)
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		p := q.URL.Path
		if clean := path.Clean(p); p != clean && p != clean+"/" || !strings.HasPrefix(p, "/") {
			r.nothing(w, q)
			return
		}
		r.mux.ServeHTTP(w, q)
	})
}

func (r router) nothing(w http.ResponseWriter, q *http.Request) { r.server.refuse(w, q, notFound()) }

func notFound() error { return errcode.New(errcode.ElementNotFound, "there is nothing here") }
