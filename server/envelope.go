package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/web"
)

// refusal is an error whose status is not that of its code.
type refusal struct {
	err    *errcode.Error
	status int
}

func (r refusal) Error() string { return r.err.Error() }

// Unwrap makes the code visible.
func (r refusal) Unwrap() error { return r.err }

type success struct {
	Number    int             `json:"errcode"`
	Words     *string         `json:"errmsg"`
	RequestID string          `json:"requestId"`
	SysTime   int64           `json:"sysTime"`
	Duration  int64           `json:"duration"`
	Data      json.RawMessage `json:"data"`
}

type failure struct {
	Number    int            `json:"errcode"`
	Words     string         `json:"errmsg"`
	Code      errcode.Code   `json:"code"`
	RequestID string         `json:"requestId"`
	SysTime   int64          `json:"sysTime"`
	Duration  int64          `json:"duration"`
	Data      map[string]any `json:"data"`
}

// succeed writes what a function returned.
func (s *Server) succeed(w http.ResponseWriter, r *http.Request, data json.RawMessage) {
	if len(data) == 0 {
		data = json.RawMessage("null")
	}
	rec := recordOf(r.Context())
	now := time.Now()
	s.write(w, r, http.StatusOK, success{
		RequestID: rec.id, SysTime: now.UnixMilli(), Duration: now.Sub(rec.begun).Milliseconds(), Data: data,
	})
}

// refuse writes an error as the table tells it; what it doesn't tell is logged.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := coded(err)
	rec := recordOf(r.Context())
	a, code := s.answerTo(r, e, err)
	status := a.Status
	var own refusal
	if errors.As(err, &own) {
		status = own.status
	}
	if wait := retryAfterOf(a, e); wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	rec.code = string(code)
	now := time.Now()
	s.write(w, r, status, failure{
		Number: a.Number, Words: textOf(a, e), Code: code, RequestID: rec.id,
		SysTime: now.UnixMilli(), Duration: now.Sub(rec.begun).Milliseconds(), Data: detailsOf(a, e),
	})
}

// answerTo gives the table's answer to an error; what it doesn't tell is logged.
func (s *Server) answerTo(r *http.Request, e *errcode.Error, err error) (errortable.Entry, errcode.Code) {
	rec := recordOf(r.Context())
	a, known := s.errors.lookup(e.Code)
	code := e.Code
	if !known {
		a, code = internalError, errcode.Internal
	}
	if a.Status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		switch {
		case r.Context().Err() != nil: // nobody waits for the answer any more
			level = slog.LevelDebug
		case a.Status == http.StatusInternalServerError:
			level = slog.LevelError
		}
		s.logger.Log(r.Context(), level, "a request failed",
			"requestId", rec.id, "element", rec.element, "function", rec.function,
			"code", e.Code, "message", e.Message, "cause", causeOf(err), "reason", e.Details["reason"])
	}
	return a, code
}

// failureOf gives an error of a call that a page made.
func (s *Server) failureOf(r *http.Request, fullName, function string, err error) *web.Failure {
	e := coded(err)
	rec := recordOf(r.Context())
	rec.element, rec.function = fullName, function
	a, code := s.answerTo(r, e, err)
	rec.code = string(code)
	return &web.Failure{Code: string(code), RequestID: rec.id, Wait: retryAfterOf(a, e), Data: detailsOf(a, e)}
}

// textOf returns the text of an answer; an error's own only when it is one line.
func textOf(a errortable.Entry, e *errcode.Error) string {
	if a.Text != "" {
		return a.Text
	}
	words := strings.ToValidUTF8(e.Message, "")
	if len(words) == 0 || len(words) > 300 || strings.IndexFunc(words, unicode.IsControl) >= 0 {
		return http.StatusText(a.Status)
	}
	return words
}

// coded gives the error with its code; one without becomes Internal, but for a
// time that was up.
func coded(err error) *errcode.Error {
	var e *errcode.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errcode.Wrap(err, errcode.DeadlineExceeded, "the time was up")
	}
	return errcode.Wrap(err, errcode.Internal, "an error without a code")
}

// causeOf names the kind of what is behind an error; its text may hold anything.
func causeOf(err error) string {
	var e *errcode.Error
	if errors.As(err, &e) {
		err = e.Unwrap()
	}
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%T", err)
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		rec := recordOf(r.Context())
		rec.code = string(errcode.Internal)
		s.logger.ErrorContext(r.Context(), "an answer is no JSON", "requestId", rec.id, "element", rec.element, "function", rec.function)
		status = http.StatusInternalServerError
		text.Reset()
		now := time.Now()
		fmt.Fprintf(&text, `{"errcode":%d,"errmsg":%q,"code":%q,"requestId":%q,"sysTime":%d,"duration":%d,"data":{}}`,
			internalError.Number, internalError.Text, errcode.Internal, rec.id, now.UnixMilli(), now.Sub(rec.begun).Milliseconds())
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes())
}
