package server

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/server/extension"
)

const (
	appPath  = "/api/{org}/{app}"
	callPath = appPath + "/{call...}"
)

var (
	readMethods = []string{http.MethodGet, http.MethodHead}
	callMethods = []string{http.MethodPost}
)

// routes lists the public listener's paths.
func (s *Server) routes(more []extension.Route) http.Handler {
	r := router{http.NewServeMux(), nothing}
	r.handle(callPath, callMethods, readable((*request).serveCall))
	// The mux would redirect it to the path above, as an empty one.
	r.handle(appPath, nil, nothing)
	r.handle("/openapi.json", readMethods, readable((*request).openAPI))
	r.handle("/healthz", readMethods, (*request).healthz)
	r.handle("/readyz", readMethods, (*request).readyz)
	if len(s.cors) > 0 {
		r.preflight(callPath)
		r.preflight("/openapi.json")
	}
	for _, route := range more {
		if route.Pattern == "/" {
			r.rest = func(q *request) error { return route.Serve(q) }
			continue
		}
		r.handle(route.Pattern, route.Methods, func(q *request) error { return route.Serve(q) })
	}
	return s.serve(r.handler())
}

// router is a mux whose answers to wrong methods are envelopes.
type router struct {
	mux *http.ServeMux
	// rest serves unknown paths.
	rest handler
}

// handle registers a path for some methods; nil: for all.
func (r router) handle(pattern string, methods []string, h handler) {
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		q := w.(*request)
		if methods != nil && !slices.Contains(methods, q.r.Method) {
			allow := strings.Join(methods, ", ")
			q.Header().Set("Allow", allow)
			q.fail(extension.WithStatus(errcode.New(errcode.Params, "this path takes %s only", allow), http.StatusMethodNotAllowed))
			return
		}
		q.serve(h)
	})
}

// handler serves what is registered. It doesn't let the mux redirect.
func (r router) handler() http.Handler {
	r.handle("/", nil, r.rest)
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		p := hr.URL.Path
		if clean := path.Clean(p); p != clean && p != clean+"/" || !strings.HasPrefix(p, "/") {
			w.(*request).serve(r.rest)
			return
		}
		r.mux.ServeHTTP(w, hr)
	})
}

// serve answers by a handler, or with the envelope of its error.
func (q *request) serve(h handler) {
	if err := h(q); err != nil {
		q.fail(err)
	}
}

func nothing(*request) error { return notFound() }

func notFound() error { return errcode.New(errcode.ElementNotFound, "there is nothing here") }
