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
	"github.com/lintel-run/lintel/server/extension"
)

// stamp is the part that success and failure share.
type stamp struct {
	RequestID string `json:"requestId"`
	SysTime   int64  `json:"sysTime"`
	Duration  int64  `json:"duration"`
}

func (q *request) stamp() stamp {
	now := time.Now()
	return stamp{RequestID: q.id, SysTime: now.UnixMilli(), Duration: now.Sub(q.begun).Milliseconds()}
}

type success struct {
	Number int     `json:"errcode"`
	Text   *string `json:"errmsg"`
	stamp
	Data json.RawMessage `json:"data"`
}

type failure struct {
	Number int          `json:"errcode"`
	Text   string       `json:"errmsg"`
	Code   errcode.Code `json:"code"`
	stamp
	Data map[string]any `json:"data"`
}

// succeed writes what a function returned.
func (q *request) succeed(data json.RawMessage) {
	if len(data) == 0 {
		data = json.RawMessage("null")
	}
	q.write(http.StatusOK, success{stamp: q.stamp(), Data: data})
}

// answer is an error as its table has it.
type answer struct {
	errortable.Entry
	err    *errcode.Error
	code   errcode.Code
	status int
}

// fail answers with an error, as its table has it.
func (q *request) fail(err error) {
	a := q.answerTo(err)
	if wait := retryAfterOf(a.Entry, a.err); wait > 0 {
		q.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	if a.status == http.StatusUnauthorized {
		q.Header().Set("WWW-Authenticate", "Bearer")
	}
	q.write(a.status, failure{Number: a.Number, Text: textOf(a.Entry, a.err), Code: a.code, stamp: q.stamp(), Data: detailsOf(a.Entry, a.err)})
}

// answerTo looks the answer to an error up, and logs what it keeps from strangers.
func (q *request) answerTo(err error) answer {
	e := coded(err)
	entry, known := q.server.errors.lookup(e.Code)
	a := answer{Entry: entry, err: e, code: e.Code, status: entry.Status}
	if !known {
		a = answer{Entry: internalError, err: e, code: errcode.Internal, status: internalError.Status}
	}
	if own, ok := errors.AsType[extension.HTTPError](err); ok {
		a.status = own.Status
	}
	q.code = string(a.code)
	if a.Status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		switch {
		case q.r.Context().Err() != nil: // nobody waits for the answer any more
			level = slog.LevelDebug
		case a.Status == http.StatusInternalServerError:
			level = slog.LevelError
		}
		q.log(level, "a request failed", "code", string(e.Code), "message", e.Message, "cause", causeOf(err), "reason", e.Details["reason"])
	}
	return a
}

// textOf returns the text of an answer; an error's own only when it is one line.
func textOf(entry errortable.Entry, e *errcode.Error) string {
	if entry.Text != "" {
		return entry.Text
	}
	text := strings.ToValidUTF8(e.Message, "")
	if len(text) == 0 || len(text) > 300 || strings.IndexFunc(text, unicode.IsControl) >= 0 {
		return http.StatusText(entry.Status)
	}
	return text
}

// coded returns an error with its code. One without becomes Internal, or
// DeadlineExceeded if its time was up.
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

// causeOf returns the type of what caused an error: its text may hold anything.
func causeOf(err error) string {
	if e, ok := errcode.As(err); ok {
		err = e.Unwrap()
	}
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%T", err)
}

func (q *request) write(status int, body any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		q.code = string(errcode.Internal)
		q.log(slog.LevelError, "an answer is no JSON")
		q.write(http.StatusInternalServerError, failure{Number: internalError.Number, Text: internalError.Text, Code: errcode.Internal, stamp: q.stamp(), Data: map[string]any{}})
		return
	}
	q.writeJSON(status, text.Bytes())
}

// plain writes JSON that is no envelope.
func (q *request) plain(status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{}`)
	}
	q.writeJSON(status, append(text, '\n'))
}

func (q *request) writeJSON(status int, text []byte) {
	q.Header().Set("Content-Type", "application/json; charset=utf-8")
	q.Header().Set("Content-Length", strconv.Itoa(len(text)))
	q.WriteHeader(status)
	_, _ = q.Write(text)
}
