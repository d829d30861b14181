package delivery

import (
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// Status is how a message to one phone ended.
type Status string

// The statuses.
const (
	// StatusUnknown is the zero Outcome's: only the vendor's own word makes another.
	StatusUnknown  Status = "unknown"
	StatusAccepted Status = "accepted"
	StatusRefused  Status = "refused"
)

// Outcome is how one request to a vendor ended. The zero Outcome is unknown.
type Outcome struct {
	status Status
	// Reason is the reason of a refusal.
	Reason smscode.Reason
	// Scope and Wait describe a throttled message; a zero Wait is not known.
	Scope smscode.Scope
	Wait  time.Duration
	// MessageID is the vendor's ID of the message.
	MessageID string
	// Code is the vendor's code, such as isv.AMOUNT_NOT_ENOUGH.
	Code string
	// RequestID is the vendor's ID of the request.
	RequestID string
	// Detail is a short phrase without values, such as "no answer in time".
	Detail string
	// Doubt is why it isn't known whether the message was sent.
	Doubt smscode.Doubt
	// Cause is what is wrong between here and the vendor, if that is known.
	Cause smscode.Cause
	// clockSkew is that of the Response.
	clockSkew time.Duration
	// unasked is set if the vendor got no request.
	unasked bool
	// invalid is the error of a message that can't be sent as it is.
	invalid error
}

// Accepted returns the outcome of a message that the vendor accepted: its positive
// marker was there.
func Accepted(messageID string) Outcome {
	return Outcome{status: StatusAccepted, MessageID: messageID}
}

// Refused returns the outcome of a message that the vendor refused.
func Refused(reason smscode.Reason, code string) Outcome {
	return Outcome{status: StatusRefused, Reason: reason, Code: code}
}

// Unsent returns the outcome of a message that was refused before the vendor saw
// it.
func Unsent(reason smscode.Reason, detail string) Outcome {
	return Outcome{status: StatusRefused, Reason: reason, Detail: detail, unasked: true}
}

// Unknown returns the outcome of a message that may or may not have been sent, because
// the answer doesn't tell.
func Unknown(detail string) Outcome { return doubtful(smscode.DoubtUnreadable, detail) }

func doubtful(doubt smscode.Doubt, detail string) Outcome {
	return Outcome{status: StatusUnknown, Doubt: doubt, Detail: detail}
}

// Unreadable returns the outcome of a message whose response can't be read.
func Unreadable() Outcome { return Unknown("the answer can't be read") }

// NoRequest returns the outcome of a message whose request can't be built.
func NoRequest() Outcome { return Unsent(smscode.Other, "the request can't be made") }

// InvalidMessage returns the outcome of a message that can't be written as the
// vendor wants it. The caller gets err, an *errcode.Error with smscode.Params.
func InvalidMessage(err error) Outcome {
	return Outcome{status: StatusRefused, Reason: smscode.Other, invalid: err}
}

// WithDetail returns the outcome with a detail.
func (o Outcome) WithDetail(detail string) Outcome {
	o.Detail = detail
	return o
}

// Status returns the outcome's status.
func (o Outcome) Status() Status {
	if o.status == "" {
		return StatusUnknown
	}
	return o.status
}

// explained returns the outcome with a clock that is off as its cause if that may
// be why the vendor didn't accept the message: vendors refuse old and future requests
// as they refuse wrong keys.
func (o Outcome) explained() Outcome {
	doubtful := o.Status() == StatusUnknown || o.Status() == StatusRefused && slices.Contains(clockReasons, o.Reason)
	if o.clockSkew != 0 && doubtful {
		o.Cause = smscode.CauseClock
		if o.Detail != "" {
			o.Detail += "; "
		}
		o.Detail += clockDetail(o.clockSkew)
	}
	return o
}

// clockReasons are the reasons by which vendors refuse requests of another time.
var clockReasons = []smscode.Reason{smscode.Auth, smscode.Signature, smscode.Other}

// err returns the outcome as an error, nil for an accepted one.
func (o Outcome) err() error {
	if o.invalid != nil {
		return o.invalid
	}
	var e *errcode.Error
	switch o.Status() {
	case StatusAccepted:
		return nil
	case StatusRefused:
		e = errcode.New(smscode.Refused, "the message was refused: %s", o.Reason).With(smscode.RefusalReason, string(o.Reason))
		if o.Detail != "" {
			e.Message += ", " + o.Detail
		}
		if o.Reason == smscode.Throttled {
			e = e.After(o.Wait)
		}
		e.Retryable = e.Retryable || o.Reason == smscode.Unavailable
		if o.unasked {
			e = e.With(smscode.Outcome, errcode.OutcomeNotExecuted)
		}
	default:
		e = errcode.New(smscode.Failed, "whether the message was sent is not known").With("outcome", errcode.OutcomeUnknown)
		if o.Detail != "" {
			e.Message += ": " + o.Detail
		}
	}
	for _, detail := range [][2]string{
		{smscode.LimitScope, string(o.Scope)}, {smscode.VendorCode, o.Code}, {smscode.VendorRequestID, o.RequestID},
		{smscode.CauseDetail, string(o.Cause)}, {smscode.DoubtDetail, string(o.Doubt)},
	} {
		if detail[1] != "" {
			e = e.With(detail[0], detail[1])
		}
	}
	return e
}
