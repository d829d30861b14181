package errcode

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// ToWire encodes an error for the wire to or from a plugin. An error without a code
// becomes Internal, without its text, which may hold anything. nil stays nil.
func ToWire(err error) *elementv1.Error {
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		return &elementv1.Error{Code: string(Internal), Message: "an internal error"}
	}
	w := &elementv1.Error{
		Code:         string(e.Code),
		Message:      e.Message,
		Retryable:    e.Retryable,
		RetryAfterMs: e.RetryAfter.Milliseconds(),
	}
	if len(e.Details) > 0 {
		if details, jerr := json.Marshal(e.Details); jerr == nil {
			w.DetailsJson = details
		}
	}
	return w
}

// FromWire decodes an error of ToWire, nil for nil.
func FromWire(w *elementv1.Error) error {
	if w == nil {
		return nil
	}
	e := &Error{
		Code:       Code(w.GetCode()),
		Message:    w.GetMessage(),
		Retryable:  w.GetRetryable(),
		RetryAfter: time.Duration(w.GetRetryAfterMs()) * time.Millisecond,
	}
	if e.Code == "" {
		e.Code = Internal
	}
	if len(w.GetDetailsJson()) > 0 {
		// Details that can't be read are left out.
		if json.Unmarshal(w.GetDetailsJson(), &e.Details) != nil {
			e.Details = nil
		}
	}
	return e
}
