// Package errcode defines the errors that cross the boundaries of Lintel: from a plugin
// to the host, from an element to its caller, from the server to a client.
//
// It knows only the codes that the runtime itself returns. A family of elements adds
// its own as further constants, with their numbers and HTTP statuses in errors.json
// beside its Meta; docs/errors.md lists them all.
package errcode

import (
	"errors"
	"fmt"
	"time"
)

// Code is the stable name of what went wrong, such as "ELEMENT_UNAVAILABLE".
type Code string

// Error makes a Code a target for errors.Is:
//
//	errors.Is(err, errcode.ElementNotFound)
func (c Code) Error() string { return string(c) }

// The codes that the runtime returns.
const (
	// Params means that an argument is missing, undeclared or of a wrong type. Details
	// has "arg". The caller corrects the argument.
	Params Code = "API_PARAMS_ERROR"
	// LoginRequired means that nobody is signed in. The caller signs in.
	LoginRequired Code = "LOGIN_REQUIRED"
	// Forbidden means that this caller may not do this. Trying again doesn't help.
	Forbidden Code = "FORBIDDEN"
	// ElementNotFound means that no element has this full name.
	ElementNotFound Code = "ELEMENT_NOT_FOUND"
	// FunctionNotFound means that the element has no such function or property.
	FunctionNotFound Code = "FUNCTION_NOT_FOUND"
	// ElementUnavailable means that the element's plugin is down or its configuration is
	// bad. Details has "outcome". The caller may try again if that is
	// OutcomeNotExecuted.
	ElementUnavailable Code = "ELEMENT_UNAVAILABLE"
	// StoreUnavailable means that a cache or database can't be reached. The caller tries
	// again later.
	StoreUnavailable Code = "STORE_UNAVAILABLE"
	// DeadlineExceeded means that the call took too long. It may have had an effect.
	DeadlineExceeded Code = "DEADLINE_EXCEEDED"
	// Internal means an error in Lintel or in the element. The log has its cause.
	Internal Code = "INTERNAL"
)

// The values of Details["outcome"] of an ElementUnavailable: whether the call was
// executed.
const (
	OutcomeNotExecuted = "not_executed"
	OutcomeUnknown     = "unknown"
)

// Error is an error with a code. Message is for people and holds no phone number, code,
// key or path. RetryAfter is 0 if the wait is not known. Details are JSON values that
// callers see.
type Error struct {
	Code       Code
	Message    string
	Retryable  bool
	RetryAfter time.Duration
	Details    map[string]any

	cause error
}

// New returns an error. Its message must hold no secret.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error with a cause for errors.Is, errors.As and logs. The cause never
// crosses a boundary and is not part of the error's text.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.cause = cause
	return e
}

// Error returns "CODE: message".
func (e *Error) Error() string {
	if e.Message == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the error's Code or an *Error of the same Code.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Code:
		return e.Code == t
	case *Error:
		return e.Code == t.Code
	}
	return false
}

// With sets a detail and returns the error.
func (e *Error) With(key string, value any) *Error {
	if e.Details == nil {
		e.Details = make(map[string]any)
	}
	e.Details[key] = value
	return e
}

// After marks the error as retryable after a wait and returns it.
func (e *Error) After(wait time.Duration) *Error {
	e.Retryable, e.RetryAfter = true, wait
	return e
}

// Retry marks the error as retryable and returns it.
func (e *Error) Retry() *Error {
	e.Retryable = true
	return e
}

// As returns the Error in err's chain, and whether there is one.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Of returns the code of an error, Internal if it has none.
func Of(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Unavailable returns an ElementUnavailable with its outcome.
func Unavailable(outcome, format string, args ...any) *Error {
	e := New(ElementUnavailable, format, args...).With("outcome", outcome)
	e.Retryable = outcome == OutcomeNotExecuted
	return e
}
