// Package codes names the error codes of the family auths.loginTypes: those of the
// Login service, which its Types pass on. The error table of the family maps them to
// numbers and HTTP statuses.
package codes

import "github.com/lintel-run/lintel/plugins/errcode"

// The errors of sending a code. Nothing was sent.
const (
	// SendTooFrequent: the last send was a moment ago. The caller waits for
	// Details "retryAfter", in seconds, exactly.
	SendTooFrequent errcode.Code = "SEND_TOO_FREQUENT"
	// SendLimited: another limit on sends was reached. The caller waits for Details
	// "retryAfter", in seconds, rounded up to a minute.
	SendLimited errcode.Code = "SEND_LIMITED"
	// CaptchaRequired: the caller tries again with a captcha.
	CaptchaRequired errcode.Code = "CAPTCHA_REQUIRED"
	// CaptchaError: the captcha wasn't solved, as Details "reason" says: wrong, or
	// expired, which includes used. The caller tries again with a new captcha.
	CaptchaError errcode.Code = "CAPTCHA_ERROR"
	// PhoneInvalid: the phone isn't a mobile number. The user corrects it.
	PhoneInvalid errcode.Code = "PHONE_INVALID"
	// PhoneRegionNotAllowed: the phone is a mobile number of a region that isn't
	// served. The user needs another one.
	PhoneRegionNotAllowed errcode.Code = "PHONE_REGION_NOT_ALLOWED"
)

// The errors of using a code or ticket.
const (
	// CodeRejected: the code is wrong, expired, used, or was never sent; callers can't
	// tell which. The user corrects it, or asks for a new one.
	CodeRejected errcode.Code = "CODE_REJECTED"
	// CodeLocked: there were too many wrong guesses, and nothing was compared. The
	// caller waits for Details "retryAfter", in seconds.
	CodeLocked errcode.Code = "CODE_LOCKED"
	// CodeBusy: another request is using the code. The caller tries again in a second.
	CodeBusy errcode.Code = "CODE_BUSY"
	// TicketRejected: the ticket is expired, used, or another user's. The user confirms
	// the phone again.
	TicketRejected errcode.Code = "TICKET_REJECTED"
)

// The errors of users and their phones.
const (
	// UserNotRegistered: the code is right, but no user has the phone. The code stays
	// good for registering.
	UserNotRegistered errcode.Code = "USER_NOT_REGISTERED"
	// RegistrationClosed: the code is right, but nobody may register.
	RegistrationClosed errcode.Code = "REGISTRATION_CLOSED"
	// PhoneInUse: another user has the phone. Its code stays good for logging in.
	PhoneInUse errcode.Code = "PHONE_IN_USE"
	// LastLogin: the user can't give up the only way to log in.
	LastLogin errcode.Code = "LAST_LOGIN"
	// PhoneAlreadyBound: the user has a phone, and replaces it instead.
	PhoneAlreadyBound errcode.Code = "PHONE_ALREADY_BOUND"
	// PhoneNotBound: the user has no phone, and binds one first.
	PhoneNotBound errcode.Code = "PHONE_NOT_BOUND"
)
