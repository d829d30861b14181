package server

import (
	"math"
	"net/http"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// waiting is what an answer says of when to try again.
type waiting int

const (
	never       waiting = iota
	whenKnown           // Retry-After in whole seconds, where the error has one
	always              // the same, or a second
	wholeMinute         // rounded up to a minute: no abuser learns which limit it was
	notExecuted         // always, where the call was not begun
)

// answer is how a code is told to strangers.
type answer struct {
	number int
	status int
	// words replace the error's own; empty: the error's are shown. Codes that
	// must not differ by their cause, or whose cause may name the inside, have words.
	words string
	wait  waiting
	// shows are the details that get out.
	shows []string
}

// internal is the answer to what the table doesn't know.
var internal = answer{number: 20000, status: http.StatusInternalServerError, words: "an internal error"}

// answers is the table of codes. docs/errors.md says the same in words.
var answers = map[errcode.Code]answer{
	errcode.Internal:           internal,
	errcode.Params:             {number: 20001, status: http.StatusBadRequest, shows: []string{"arg"}},
	errcode.LoginRequired:      {number: 20002, status: http.StatusUnauthorized, words: "sign in first"},
	errcode.Forbidden:          {number: 20003, status: http.StatusForbidden},
	errcode.ElementNotFound:    {number: 20004, status: http.StatusNotFound, words: "there is no such element"},
	errcode.FunctionNotFound:   {number: 20004, status: http.StatusNotFound, words: "the element has no such function"},
	errcode.ElementUnavailable: {number: 20005, status: http.StatusServiceUnavailable, words: "not available at the moment", wait: notExecuted, shows: []string{"outcome"}},
	errcode.StoreUnavailable:   {number: 20006, status: http.StatusServiceUnavailable, words: "not available at the moment", wait: always},
	errcode.DeadlineExceeded:   {number: 20007, status: http.StatusGatewayTimeout, words: "it took too long"},

	"SEND_TOO_FREQUENT":        {number: 46101, status: http.StatusTooManyRequests, words: "a code was sent a moment ago", wait: whenKnown, shows: []string{"retryAfter"}},
	"SEND_LIMITED":             {number: 46102, status: http.StatusTooManyRequests, words: "too many codes were sent", wait: wholeMinute, shows: []string{"retryAfter"}},
	"CAPTCHA_REQUIRED":         {number: 46103, status: http.StatusForbidden, words: "a captcha is needed"},
	"CAPTCHA_ERROR":            {number: 46104, status: http.StatusForbidden, words: "the captcha was not solved", shows: []string{"reason"}},
	"PHONE_INVALID":            {number: 46105, status: http.StatusBadRequest, words: "not a mobile phone number"},
	"PHONE_REGION_NOT_ALLOWED": {number: 46105, status: http.StatusBadRequest, words: "phone numbers of this region are not taken"},
	"CODE_REJECTED":            {number: 46106, status: http.StatusUnauthorized, words: "the code is wrong or has expired"},
	"CODE_LOCKED":              {number: 46107, status: http.StatusTooManyRequests, words: "too many wrong codes", wait: whenKnown},
	"CODE_BUSY":                {number: 46115, status: http.StatusServiceUnavailable, words: "another request is using this code", wait: always},
	"USER_NOT_REGISTERED":      {number: 46108, status: http.StatusNotFound, words: "the phone is not registered"},
	"REGISTRATION_CLOSED":      {number: 46109, status: http.StatusForbidden, words: "registration is closed"},
	"PHONE_IN_USE":             {number: 46110, status: http.StatusConflict, words: "the phone is in use"},
	"TICKET_REJECTED":          {number: 46111, status: http.StatusUnauthorized, words: "the ticket is not valid"},
	"LAST_LOGIN":               {number: 46112, status: http.StatusConflict, words: "this is the last way to log in"},
	"PHONE_ALREADY_BOUND":      {number: 46113, status: http.StatusConflict, words: "a phone is bound already"},
	"PHONE_NOT_BOUND":          {number: 46114, status: http.StatusConflict, words: "no phone is bound"},
	"SMS_PARAMS":               {number: 46001, status: http.StatusBadRequest, words: "a parameter of the message is missing"},
	"SMS_REFUSED":              {number: 46002, status: http.StatusBadGateway, words: "the message was refused", wait: whenKnown, shows: []string{"reason"}},
	"SMS_FAILED":               {number: 46003, status: http.StatusBadGateway, words: "whether the message was sent is not known", shows: []string{"resendAfter", "expiresIn"}},
}

// retryAfter gives the seconds of Retry-After, 0 for none.
func (a answer) retryAfter(e *errcode.Error) int64 {
	seconds := int64(math.Ceil(e.RetryAfter.Seconds()))
	switch a.wait {
	case whenKnown:
		return max(seconds, 0)
	case always:
		return max(seconds, 1)
	case wholeMinute:
		return max((int64(math.Ceil(e.RetryAfter.Minutes())))*int64(time.Minute/time.Second), 60)
	case notExecuted:
		if e.Details["outcome"] == errcode.OutcomeNotExecuted {
			return max(seconds, 1)
		}
	case never:
	}
	return 0
}

// data gives what strangers see of an error's details.
func (a answer) data(e *errcode.Error) map[string]any {
	data := make(map[string]any)
	for _, name := range a.shows {
		value, ok := e.Details[name]
		switch {
		case name == "retryAfter":
			if wait := a.retryAfter(e); wait > 0 {
				value, ok = wait, true
			}
		case name == "outcome":
			if value != errcode.OutcomeNotExecuted {
				value, ok = errcode.OutcomeUnknown, true
			}
		case name == "reason" && e.Code == "SMS_REFUSED":
			value, ok = reasonForStrangers(value), true
		}
		if ok {
			data[name] = value
		}
	}
	return data
}

// reasonForStrangers tells why a message was refused as far as its addressee can
// do something about it; the rest is the operator's.
func reasonForStrangers(reason any) string {
	switch reason {
	case "number", "blocked":
		return "number"
	case "region", "throttled":
		return reason.(string)
	}
	return "unavailable"
}
