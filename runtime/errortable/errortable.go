// Package errortable describes how error codes are answered to callers outside an
// app: their number, HTTP status, text, and the details that are shown.
//
// A family of elements keeps its codes in errors.json beside its Meta; the server
// has a table of its own for the codes of the runtime. The package knows neither
// family nor HTTP server.
package errortable

import "github.com/lintel-run/lintel/plugins/errcode"

// Table holds entries by code. It is not changed once it is published.
type Table map[errcode.Code]Entry

// Entry describes the answer to one code.
type Entry struct {
	// Number is the errcode of the answer. Codes of one family may share one.
	Number int `json:"number"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Text replaces the error's own message, which may name the inside of the app.
	// Where it is empty, as it may be for codes of the runtime, the message is shown.
	Text string `json:"text"`
	// RetryAfter is when an answer has a Retry-After header.
	RetryAfter RetryAfter `json:"retryAfter"`
	// Details are the error's details that are shown, by name. The detail
	// retryAfter has the value of the header.
	Details map[string]Detail `json:"details"`
}

// RetryAfter is a rule for the Retry-After header.
type RetryAfter string

// The rules.
const (
	// Never leaves the header out.
	Never RetryAfter = ""
	// Known shows the error's wait, in whole seconds, where it has one.
	Known RetryAfter = "known"
	// Always shows the error's wait, or one second.
	Always RetryAfter = "always"
	// Minute shows the wait rounded up to a minute, so that nobody learns from it
	// which limit was hit.
	Minute RetryAfter = "minute"
	// NotExecuted is Always for a call that was not begun. Only the runtime's own
	// codes have it.
	NotExecuted RetryAfter = "notExecuted"
)

// Detail describes one detail of an error.
type Detail struct {
	// Schema is the JSON Schema of the shown value, for the API's description.
	Schema map[string]any `json:"schema"`
	// Values maps the error's value to the one shown. Without Values every value is
	// shown as it is.
	Values map[string]string `json:"values"`
	// Otherwise is shown for values that are not among Values, and for none.
	Otherwise string `json:"otherwise"`
}
