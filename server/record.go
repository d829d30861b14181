package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/panicinfo"
)

// record is what is known of a request while it is served; one goroutine's.
type record struct {
	id       string
	begun    time.Time
	element  string
	function string
	address  string
	code     string
	repeated bool
}

type recordKey struct{}

// recordOf gives the request's record.
func recordOf(ctx context.Context) *record {
	if r, ok := ctx.Value(recordKey{}).(*record); ok {
		return r
	}
	return &record{begun: time.Now()}
}

// observed gives every request a record, an end whatever happens, a line in the
// log, and headers that keep browsers from guessing.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		rec := &record{id: newRequestID(), begun: time.Now(), code: "OK"}
		s.latest.Store(rec.begun.UnixNano())
		ctx, span := startSpan(context.WithValue(r.Context(), recordKey{}, rec), r)
		defer span.end(rec)
		r = r.WithContext(ctx)
		secure(w.Header())
		w.Header().Set("X-Request-Id", rec.id)
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		answered := &statusWriter{ResponseWriter: w}
		defer s.finish(answered, r, rec)
		next.ServeHTTP(answered, r)
	})
}

// finish turns a panic into an answer, then counts and logs the request.
func (s *Server) finish(w *statusWriter, r *http.Request, rec *record) {
	failed := recover()
	if err, ok := failed.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		defer panic(failed)
	} else if failed != nil {
		s.logger.With(panicinfo.Attrs(failed)...).ErrorContext(r.Context(), "a request panicked", "requestId", rec.id)
		rec.code = string(errcode.Internal)
		if w.status == 0 {
			s.refuse(w, r, errcode.New(errcode.Internal, "a panic"))
		}
	}
	took := time.Since(rec.begun)
	if r.Pattern == callPattern {
		s.metrics.observe(rec, took)
	}
	level := slog.LevelInfo
	switch r.Pattern {
	case "GET /healthz", "GET /readyz", "GET /metrics":
		level = slog.LevelDebug
	}
	s.logger.Log(r.Context(), level, "request",
		"requestId", rec.id, "method", methodLabel(r.Method), "route", routeLabel(r.Pattern), "status", w.status,
		"code", rec.code, "element", rec.element, "function", rec.function,
		"address", rec.address, "repeated", rec.repeated, "durationMs", float64(took.Microseconds())/1000)
}

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

// secure sets what every answer carries; a page widens its own policy.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
