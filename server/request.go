package server

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/panicinfo"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// request is one HTTP request while it is served, and the response to it. It
// belongs to one goroutine.
type request struct {
	server *Server
	http.ResponseWriter
	r *http.Request

	id     string
	begun  time.Time
	status int // of the response; 0 until it is sent

	session extension.Session // once identified
	caller  element.Caller

	// What the log, metrics and trace tell.
	element  string
	function string
	code     string
	repeated bool
}

// handler serves a request. The error it returns is answered.
type handler func(*request) error

// polled are the paths that monitoring asks for all the time. They don't make a server
// busy.
var polled = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true, "/status": true}

// serve is the handler of a listener: every request gets an id, an answer whatever
// happens, a line in the log, and headers that keep browsers from guessing.
func (s *Server) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		q := &request{server: s, ResponseWriter: w, id: newRequestID(), begun: time.Now(), code: "OK"}
		if !polled[r.URL.Path] {
			s.latest.Store(q.begun.UnixNano())
		}
		ctx, span := startSpan(element.WithRequestID(r.Context(), q.id), r)
		defer span.end(q)
		q.r = r.WithContext(ctx)
		setSecurityHeaders(w.Header())
		w.Header().Set("X-Request-Id", q.id)
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		defer q.finish()
		next.ServeHTTP(q, q.r)
	})
}

// finish answers a panic, then counts and logs the request.
func (q *request) finish() {
	failed := recover()
	if err, ok := failed.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		defer panic(failed)
	} else if failed != nil {
		q.server.logger.With(panicinfo.Attrs(failed)...).ErrorContext(q.r.Context(), "a request panicked", "request_id", q.id)
		q.code = string(errcode.Internal)
		if q.status == 0 {
			q.fail(errcode.New(errcode.Internal, "a panic"))
		}
	}
	took := time.Since(q.begun)
	if q.r.Pattern == callPath && q.r.Method == http.MethodPost {
		q.server.metrics.observe(q, took)
	}
	level := slog.LevelInfo
	switch q.r.Pattern {
	case "/healthz", "/readyz", "/metrics":
		level = slog.LevelDebug
	}
	q.log(level, "request", "method", methodLabel(q.r.Method), "route", routeLabel(q.r.Pattern), "status", q.status,
		"code", q.code, "address", q.caller.Address, "repeated", q.repeated, "duration_ms", float64(took.Microseconds())/1000)
}

// log writes a line about the request, without the attributes that are empty.
func (q *request) log(level slog.Level, message string, attrs ...any) {
	all := append([]any{
		"request_id", q.id, "element", q.element, "function", q.function,
		"user_id", q.caller.UserID, "session_id", q.caller.SessionID,
	}, attrs...)
	kept := all[:0]
	for i := 0; i < len(all); i += 2 {
		if value := all[i+1]; value != nil && value != "" && value != false {
			kept = append(kept, all[i], value)
		}
	}
	q.server.logger.Log(q.r.Context(), level, message, kept...)
}

// WriteHeader implements http.ResponseWriter.
func (q *request) WriteHeader(status int) {
	if q.status == 0 {
		q.status = status
	}
	q.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (q *request) Write(p []byte) (int, error) {
	if q.status == 0 {
		q.status = http.StatusOK
	}
	return q.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (q *request) Unwrap() http.ResponseWriter { return q.ResponseWriter }

// routeLabel returns a mux pattern without its method.
func routeLabel(pattern string) string {
	if _, route, found := strings.Cut(pattern, " "); found {
		return route
	}
	return pattern
}

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func newRequestID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

// setSecurityHeaders sets what every answer carries; a page widens its own policy.
func setSecurityHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
}
