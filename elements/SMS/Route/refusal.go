package route

import (
	"slices"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// ending is how one element took one message, as far as the route cares.
type ending struct {
	// sent: accepted, or nobody knows. Nothing more is tried.
	sent bool
	// curable: surely not sent, and another vendor may do better.
	curable bool
	// failed: the vendor can't do what it is there for.
	failed bool
}

// The refusals that are the same wherever the message goes: of the number, or
// because the message has gone already.
var final = []delivery.Reason{delivery.Number, delivery.Blocked, delivery.Duplicate}

// endingOf reads what an element's sendMessage gave.
func endingOf(err error) ending {
	if err == nil {
		return ending{sent: true}
	}
	e, ok := errcode.As(err)
	if !ok {
		return ending{sent: true, failed: true}
	}
	switch e.Code {
	case delivery.CodeRefused:
		return refusalOf(e)
	case delivery.CodeParams:
		// This element wants what the call didn't bring; nothing is wrong with the vendor.
		return ending{curable: true}
	case errcode.ElementUnavailable:
		if e.Details["outcome"] == errcode.OutcomeNotExecuted {
			return ending{curable: true, failed: true}
		}
	case errcode.Params, errcode.ElementNotFound, errcode.FunctionNotFound, errcode.Forbidden:
		return ending{curable: true, failed: true} // nothing was run
	default:
	}
	return ending{sent: true, failed: true}
}

func refusalOf(e *errcode.Error) ending {
	reason, _ := e.Details["reason"].(string)
	if slices.Contains(final, delivery.Reason(reason)) {
		return ending{}
	}
	// What concerns one number or country says nothing of the next message.
	own := reason == string(delivery.Region) ||
		reason == string(delivery.Throttled) && e.Details["scope"] == string(delivery.ScopeNumber)
	return ending{curable: true, failed: !own}
}

// worse gives the refusal that tells the caller more: a number's limit, since
// waiting helps, else the first one.
func worse(first, second error) error {
	if first == nil {
		return second
	}
	if !limits(first) && limits(second) {
		return second
	}
	return first
}

func limits(err error) bool {
	e, ok := errcode.As(err)
	return ok && e.Code == delivery.CodeRefused && e.Details["reason"] == string(delivery.Throttled)
}
