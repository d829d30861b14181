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

// moreUseful returns the refusal that tells the caller more: a limit, because waiting
// helps, else a vendor's own, which a message costs, else the first one.
func moreUseful(first, second error) error {
	if first == nil || usefulness(second) > usefulness(first) {
		return second
	}
	return first
}

func usefulness(err error) int {
	switch {
	case smscode.IsThrottled(err):
		return 2
	case smscode.Reached(err):
		return 1
	default:
		return 0
	}
}
