// Package smscode lists the error codes of the family SMS.Meta, their details and
// the reasons of a refusal, and judges its answers. SMS elements make these errors; a
// login, a route, a check and the send log read them. It knows no vendor and makes no request.
package smscode

import "github.com/lintel-run/lintel/plugins/errcode"

// Family is the full name of the Meta.
const Family = "SMS.Meta"

// The codes.
const (
	// Params: a parameter is missing or can't be sent. Nothing was sent; the caller
	// corrects the call.
	Params errcode.Code = "SMS_PARAMS"
	// Refused: the vendor refused the message or couldn't be reached. The message
	// won't arrive; the caller may send it through another vendor.
	Refused errcode.Code = "SMS_REFUSED"
	// Failed: the outcome is unknown and the message may still arrive. The caller
	// must not send it again.
	Failed errcode.Code = "SMS_FAILED"
)

// The keys of an error's details.
const (
	Param           = "param"           // of Params: the parameter's name
	RefusalReason   = "reason"          // of Refused: a Reason
	LimitScope      = "scope"           // of a throttled message: a Scope
	VendorCode      = "vendorCode"      // the vendor's error code, if there is one
	VendorRequestID = "vendorRequestId" // the vendor's ID of the request, if there is one
	Outcome         = "outcome"         // errcode.OutcomeNotExecuted: of Refused, if no request reached a vendor
	CauseDetail     = "cause"           // what is wrong between here and the vendor, if that is known: a Cause
	DoubtDetail     = "doubt"           // of Failed: a Doubt
	Through         = "through"         // of a route: the element that the error comes from
)

// Reason says why a vendor refused.
type Reason string

// The reasons.
const (
	Auth        Reason = "auth"        // keys, permissions, the list of allowed addresses
	Signature   Reason = "signature"   // the sign, or the sender's name
	Template    Reason = "template"    // the template or its variables
	Content     Reason = "content"     // the text
	Balance     Reason = "balance"     // the account has no money left
	Number      Reason = "number"      // the number doesn't exist
	Region      Reason = "region"      // the vendor doesn't send to this country
	Throttled   Reason = "throttled"   // too many messages, for the number or the account
	Blocked     Reason = "blocked"     // the number's owner wants no messages
	Duplicate   Reason = "duplicate"   // the vendor already has this request
	Unavailable Reason = "unavailable" // the vendor can't send now, and didn't
	Other       Reason = "other"       // a code that no table has
)

// Reasons returns every reason.
func Reasons() []Reason {
	return []Reason{Auth, Signature, Template, Content, Balance, Number, Region, Throttled, Blocked, Duplicate, Unavailable, Other}
}

// Cause says what is wrong between this machine and the vendor.
type Cause string

// The causes.
const (
	CauseDNS         Cause = "dns"         // the vendor's name can't be resolved
	CauseRefused     Cause = "refused"     // nothing listens at its address
	CauseTimeout     Cause = "timeout"     // its address doesn't answer
	CauseTLS         Cause = "tls"         // the handshake failed
	CauseCertificate Cause = "certificate" // its certificate is not trusted or not valid
	CauseProxy       Cause = "proxy"       // the proxy refuses, or can't be reached
	CauseNetwork     Cause = "network"     // any other
	CauseClock       Cause = "clock"       // the clocks differ
)

// Doubt says why it isn't known whether a message was sent.
type Doubt string

// The doubts.
const (
	DoubtTimeout    Doubt = "timeout"    // the vendor didn't answer in time
	DoubtLost       Doubt = "lost"       // the connection was lost, or the element's process ended
	DoubtStatus     Doubt = "status"     // the vendor's server failed
	DoubtUnreadable Doubt = "unreadable" // the answer says neither yes nor no
	DoubtResult     Doubt = "result"     // the element's answer isn't one accepted result for the phone
)

// Scope says whose limit throttled a message.
type Scope string

// The scopes.
const (
	ScopeNumber  Scope = "number"
	ScopeAccount Scope = "account"
)

// Unsent reports whether an error of sendMessage means that the message was
// certainly not sent.
func Unsent(err error) bool {
	e, ok := errcode.As(err)
	if !ok {
		return false
	}
	switch e.Code {
	case Refused, Params:
		return true
	case errcode.Params, errcode.ElementNotFound, errcode.FunctionNotFound, errcode.Forbidden:
		return true // the call was never run
	case errcode.ElementUnavailable:
		return e.Details["outcome"] == errcode.OutcomeNotExecuted
	default:
		return false
	}
}

// Reached reports whether a request may have reached a vendor although sendMessage
// returned an error.
func Reached(err error) bool {
	if !Unsent(err) {
		return true
	}
	e, _ := errcode.As(err)
	return e.Code == Refused && e.Details[Outcome] != errcode.OutcomeNotExecuted
}

// IsThrottled reports whether an error of sendMessage is the refusal of a vendor that
// has had too many messages.
func IsThrottled(err error) bool {
	e, ok := errcode.As(err)
	return ok && e.Code == Refused && Detail(e, RefusalReason) == string(Throttled)
}

// Detail returns a detail that is text, or "".
func Detail(e *errcode.Error, key string) string {
	text, _ := e.Details[key].(string)
	return text
}
