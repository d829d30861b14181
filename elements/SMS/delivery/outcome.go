package delivery

import (
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// The codes that SMS elements add.
const (
	// CodeParams: a parameter is missing or can't be sent. Nothing was sent.
	CodeParams errcode.Code = "SMS_PARAMS"
	// CodeRefused: the vendor said no, or was not reached; the message will not
	// arrive. Details: "reason" and, where the vendor gave them, "vendorCode" and
	// "vendorRequestId"; "scope" tells of a throttled one whether the limit is
	// the number's or the account's.
	CodeRefused errcode.Code = "SMS_REFUSED"
	// CodeFailed: the outcome is unknown; the message may still arrive. Details:
	// "outcome" is "unknown", and as CodeRefused's.
	CodeFailed errcode.Code = "SMS_FAILED"
)

// Reason is why a vendor refused.
type Reason string

// The reasons.
const (
	Auth        Reason = "auth"        // keys, permission, address list
	Signature   Reason = "signature"   // the sign, or the sender's name
	Template    Reason = "template"    // the template or its variables
	Content     Reason = "content"     // the text
	Balance     Reason = "balance"     // no money
	Number      Reason = "number"      // no such number
	Region      Reason = "region"      // not to this country
	Throttled   Reason = "throttled"   // too many, for the number or the account
	Blocked     Reason = "blocked"     // the number doesn't want any
	Duplicate   Reason = "duplicate"   // the vendor had this request before
	Unavailable Reason = "unavailable" // the vendor can't now, and didn't send
	Other       Reason = "other"       // a no that is in no table
)

// Reasons lists them all.
func Reasons() []Reason {
	return []Reason{Auth, Signature, Template, Content, Balance, Number, Region, Throttled, Blocked, Duplicate, Unavailable, Other}
}

// Scope says whose limit throttled a message.
type Scope string

// The scopes.
const (
	ScopeNumber  Scope = "number"
	ScopeAccount Scope = "account"
)

// Status is how a message to one phone ended.
type Status string

// The statuses.
const (
	// StatusUnknown is the zero Outcome's: nothing but a vendor's own word is
	// taken for an answer.
	StatusUnknown  Status = "unknown"
	StatusAccepted Status = "accepted"
	StatusRefused  Status = "refused"
)

// Outcome is how one request to a vendor ended. The zero Outcome is unknown.
type Outcome struct {
	status Status
	// Reason of a refusal.
	Reason Reason
	// Scope and Wait of a throttled one; a zero Wait is not known.
	Scope Scope
	Wait  time.Duration
	// MessageID is the vendor's name of the message.
	MessageID string
	// Code is the vendor's code, such as isv.AMOUNT_NOT_ENOUGH.
	Code string
	// RequestID is the vendor's name of the request.
	RequestID string
	// wrong is the error of a message that can't be sent as it is.
	wrong error
	// What is a short phrase for an unknown or unreached one: "no answer in time".
	What string
}

// Accepted is an outcome: the vendor's positive marker was there.
func Accepted(messageID string) Outcome {
	return Outcome{status: StatusAccepted, MessageID: messageID}
}

// Refused is an outcome: the vendor said no.
func Refused(reason Reason, code string) Outcome {
	return Outcome{status: StatusRefused, Reason: reason, Code: code}
}

// Unknown is an outcome: what became of the message, nobody can tell.
func Unknown(what string) Outcome {
	return Outcome{status: StatusUnknown, What: what}
}

// NotSent is an outcome: the message can't be written as the vendor wants it. err
// is an *errcode.Error of CodeParams, which the caller gets.
func NotSent(err error) Outcome {
	return Outcome{status: StatusRefused, Reason: Other, wrong: err}
}

// NotMade is an outcome: the request could not be made, nothing was sent.
func NotMade() Outcome {
	o := Refused(Other, "")
	o.What = "the request can't be made"
	return o
}

// NotServed is an outcome: the vendor doesn't take numbers of this country, or not
// with what is configured. Nothing was sent.
func NotServed(why string) Outcome {
	o := Refused(Region, "")
	o.What = why
	return o
}

// Status gives the outcome's status.
func (o Outcome) Status() Status {
	if o.status == "" {
		return StatusUnknown
	}
	return o.status
}

// err gives the outcome as an error, nil for an accepted one.
func (o Outcome) err() error {
	if o.wrong != nil {
		return o.wrong
	}
	var e *errcode.Error
	switch o.Status() {
	case StatusAccepted:
		return nil
	case StatusRefused:
		e = errcode.New(CodeRefused, "the message was refused: %s", o.Reason).With("reason", string(o.Reason))
		if o.What != "" {
			e.Message += ", " + o.What
		}
		if o.Reason == Throttled {
			e = e.After(o.Wait)
		}
		e.Retryable = e.Retryable || o.Reason == Unavailable
		if o.Scope != "" {
			e = e.With("scope", string(o.Scope))
		}
	default:
		e = errcode.New(CodeFailed, "whether the message was sent is not known").With("outcome", errcode.OutcomeUnknown)
		if o.What != "" {
			e.Message += ": " + o.What
		}
	}
	if o.Code != "" {
		e = e.With("vendorCode", o.Code)
	}
	if o.RequestID != "" {
		e = e.With("vendorRequestId", o.RequestID)
	}
	return e
}
