// Package errcode is the error that crosses every boundary of Lintel: from a
// plugin to the host, from an element to its caller, from the server to a client.
//
// It knows the codes that the runtime itself gives. A family of elements adds
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

// Error makes a code usable as the target of errors.Is:
//
//	errors.Is(err, errcode.ElementNotFound)
func (c Code) Error() string { return string(c) }

// The codes that the runtime gives.
const (
	// Params: an argument is missing, undeclared or of a wrong type; Details has "arg".
	Params Code = "API_PARAMS_ERROR"
	// LoginRequired: nobody is signed in.
	LoginRequired Code = "LOGIN_REQUIRED"
	// Forbidden: not this user's, or not callable from outside.
	Forbidden Code = "FORBIDDEN"
	// ElementNotFound: no element has this full name.
	ElementNotFound Code = "ELEMENT_NOT_FOUND"
	// FunctionNotFound: the element has no such function, or property.
	FunctionNotFound Code = "FUNCTION_NOT_FOUND"
	// ElementUnavailable: the element's plugin is down or its configuration is
	// bad. Details has "outcome", OutcomeNotExecuted or OutcomeUnknown.
	ElementUnavailable Code = "ELEMENT_UNAVAILABLE"
	// StoreUnavailable: a cache or database can't be reached.
	StoreUnavailable Code = "STORE_UNAVAILABLE"
	// DeadlineExceeded: the call's time was up.
	DeadlineExceeded Code = "DEADLINE_EXCEEDED"
	// Internal: a fault of ours, or a panic in the call.
	Internal Code = "INTERNAL"
)

// What Details["outcome"] of an ElementUnavailable says of the call.
const (
	OutcomeNotExecuted = "not_executed"
	OutcomeUnknown     = "unknown"
)

// Error is an error with a code. Message is for people and holds no phone, code,
// key or path. RetryAfter is 0 where the wait is not known. Details are JSON
// values, shown to callers.
type Error struct {
	Code       Code
	Message    string
	Retryable  bool
	RetryAfter time.Duration
	Details    map[string]any

	cause error
}

// New makes an error. The format must not be given secrets.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error with a cause for errors.Is/As and logs. The cause never
// crosses a boundary and is not part of Error().
func Wrap(cause error, code Code, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.cause = cause
	return e
}

// Error is "CODE: message".
func (e *Error) Error() string {
	if e.Message == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is holds for the error's Code and for an *Error of the same Code.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Code:
		return e.Code == t
	case *Error:
		return e.Code == t.Code
	}
	return false
}

// With sets one detail and returns the error.
func (e *Error) With(key string, value any) *Error {
	if e.Details == nil {
		e.Details = make(map[string]any)
	}
	e.Details[key] = value
	return e
}

// After says how long to wait, marks the error retryable and returns it.
func (e *Error) After(wait time.Duration) *Error {
	e.Retryable, e.RetryAfter = true, wait
	return e
}

// Retry marks the error retryable and returns it.
func (e *Error) Retry() *Error {
	e.Retryable = true
	return e
}

// As gives the Error in err's chain, and whether there is one.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Of gives the code of an error, Internal for one without.
func Of(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Unavailable makes an ElementUnavailable with its outcome.
func Unavailable(outcome, format string, args ...any) *Error {
	e := New(ElementUnavailable, format, args...).With("outcome", outcome)
	e.Retryable = outcome == OutcomeNotExecuted
	return e
}
