package route

import (
	"slices"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// class is what the error of an element means for the route.
type class struct {
	// tryNext: the message was certainly not sent, and another vendor may send it.
	tryNext bool
	// failure: the vendor isn't working, so its breaker counts a failure.
	failure bool
}

// final are the reasons that hold for every vendor.
var final = []smscode.Reason{smscode.Number, smscode.Blocked, smscode.Duplicate}

// classify classifies the error of an element's sendMessage; nil is a success.
func classify(err error) class {
	switch {
	case err == nil:
		return class{}
	case !smscode.Unsent(err):
		return class{failure: true}
	}
	e, _ := errcode.As(err)
	reason := smscode.Reason(smscode.Detail(e, smscode.RefusalReason))
	switch {
	case e.Code == smscode.Params:
		// This element needs a parameter that the call doesn't have.
		return class{tryNext: true}
	case e.Code != smscode.Refused:
		return class{tryNext: true, failure: true}
	case slices.Contains(final, reason):
		return class{}
	}
	// A refusal of one number or country doesn't concern the next message.
	ofNumber := reason == smscode.Region ||
		reason == smscode.Throttled && smscode.Detail(e, smscode.LimitScope) == string(smscode.ScopeNumber)
	return class{tryNext: true, failure: !ofNumber}
}

// moreUseful returns the refusal that helps the caller more: a limit, because waiting
// helps, else the first one.
func moreUseful(first, second error) error {
	if first == nil || !isLimit(first) && isLimit(second) {
		return second
	}
	return first
}

func isLimit(err error) bool {
	e, ok := errcode.As(err)
	return ok && e.Code == smscode.Refused && smscode.Detail(e, smscode.RefusalReason) == string(smscode.Throttled)
}
