package server

import (
	"math"
	"net/http"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/errortable"
)

// runtimeErrors are the answers to the runtime's own codes; docs/errors.md
// describes them. The answers to a family's codes are in the app.
var runtimeErrors = errortable.Table{
	errcode.Internal: internalError,
	errcode.Params: {Number: 20001, Status: http.StatusBadRequest, RetryAfter: errortable.Known, Details: map[string]errortable.Detail{
		"arg": {Schema: dict{"type": "string", "description": "The argument that is wrong."}},
	}},
	errcode.LoginRequired:    {Number: 20002, Status: http.StatusUnauthorized, Text: "sign in first"},
	errcode.Forbidden:        {Number: 20003, Status: http.StatusForbidden},
	errcode.ElementNotFound:  {Number: 20004, Status: http.StatusNotFound, Text: "there is no such element"},
	errcode.FunctionNotFound: {Number: 20004, Status: http.StatusNotFound, Text: "the element has no such function"},
	errcode.ElementUnavailable: {
		Number: 20005, Status: http.StatusServiceUnavailable, Text: "not available at the moment", RetryAfter: errortable.NotExecuted,
		Details: map[string]errortable.Detail{"outcome": {
			Schema:    dict{"enum": []string{errcode.OutcomeNotExecuted, errcode.OutcomeUnknown}},
			Values:    map[string]string{errcode.OutcomeNotExecuted: errcode.OutcomeNotExecuted},
			Otherwise: errcode.OutcomeUnknown,
		}},
	},
	errcode.StoreUnavailable: {Number: 20006, Status: http.StatusServiceUnavailable, Text: "not available at the moment", RetryAfter: errortable.Always},
	errcode.DeadlineExceeded: {Number: 20007, Status: http.StatusGatewayTimeout, Text: "it took too long"},
}

// internalError answers codes that no table has.
var internalError = errortable.Entry{Number: 20000, Status: http.StatusInternalServerError, Text: "an internal error"}

// errorTable answers error codes: the runtime's, and those of the app's families.
type errorTable struct{ app App }

func (t errorTable) lookup(code errcode.Code) (errortable.Entry, bool) {
	entry, known := runtimeErrors[code]
	if !known {
		entry, known = t.app.Errors()[code]
	}
	return entry, known
}

// retryAfterOf returns the seconds of an answer's Retry-After, 0 for none.
func retryAfterOf(entry errortable.Entry, e *errcode.Error) int64 {
	seconds := int64(math.Ceil(e.RetryAfter.Seconds()))
	switch entry.RetryAfter {
	case errortable.Known:
		return max(seconds, 0)
	case errortable.Always:
		return max(seconds, 1)
	case errortable.Minute:
		return max((int64(math.Ceil(e.RetryAfter.Minutes())))*int64(time.Minute/time.Second), 60)
	case errortable.NotExecuted:
		if e.Details["outcome"] == errcode.OutcomeNotExecuted {
			return max(seconds, 1)
		}
	case errortable.Never:
	}
	return 0
}

// detailsOf returns the details of an error that its answer shows.
func detailsOf(entry errortable.Entry, e *errcode.Error) map[string]any {
	shown := make(map[string]any)
	for name, detail := range entry.Details {
		value, exists := e.Details[name]
		if name == "retryAfter" {
			if wait := retryAfterOf(entry, e); wait > 0 {
				value, exists = wait, true
			}
		}
		if detail.Values != nil {
			text, _ := value.(string)
			mapped, known := detail.Values[text]
			if !known {
				mapped = detail.Otherwise
			}
			value, exists = mapped, mapped != ""
		}
		if exists {
			shown[name] = value
		}
	}
	return shown
}
