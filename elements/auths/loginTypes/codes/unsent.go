package codes

import "github.com/lintel-run/lintel/plugins/errcode"

// Unsent says whether the error of an SMS element's sendMessage tells that the
// message was surely not sent. After any other error nobody knows.
func Unsent(err error) bool {
	e, ok := errcode.As(err)
	if !ok {
		return false
	}
	switch e.Code {
	case SMSRefused, SMSParams:
		return true
	case errcode.ElementUnavailable:
		return e.Details["outcome"] == errcode.OutcomeNotExecuted
	case errcode.Params, errcode.ElementNotFound, errcode.FunctionNotFound, errcode.Forbidden:
		return true // the element, or what was asked of it, doesn't fit: nothing was run
	default:
		return false
	}
}
