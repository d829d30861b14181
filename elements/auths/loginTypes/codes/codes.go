// Package codes names the errors of the family auths.loginTypes: what the login
// service of the host answers, what its Types pass on, and what the server maps
// to a number and a status.
package codes

import "github.com/lintel-run/lintel/plugins/errcode"

// The errors of sending a code.
const (
	// SendTooFrequent: within the cooldown; Details has "retryAfter", exact seconds.
	SendTooFrequent errcode.Code = "SEND_TOO_FREQUENT"
	// SendLimited: past another limit on sends; Details has "retryAfter", rounded
	// up to a minute.
	SendLimited errcode.Code = "SEND_LIMITED"
	// CaptchaRequired: a captcha is asked for, and none was given.
	CaptchaRequired errcode.Code = "CAPTCHA_REQUIRED"
	// CaptchaError: the captcha was not solved; Details has "reason", wrong or
	// expired (used before, too).
	CaptchaError errcode.Code = "CAPTCHA_ERROR"
	// PhoneInvalid: not a mobile number.
	PhoneInvalid errcode.Code = "PHONE_INVALID"
	// PhoneRegionNotAllowed: a mobile number of a region that isn't served.
	PhoneRegionNotAllowed errcode.Code = "PHONE_REGION_NOT_ALLOWED"
)

// The errors of using a code or ticket.
const (
	// CodeRejected: wrong, expired, used or never sent; one answer for all.
	CodeRejected errcode.Code = "CODE_REJECTED"
	// CodeLocked: too many wrong guesses; nothing was compared.
	CodeLocked errcode.Code = "CODE_LOCKED"
	// CodeBusy: another request is using this code.
	CodeBusy errcode.Code = "CODE_BUSY"
	// TicketRejected: the ticket is not alive, or another's.
	TicketRejected errcode.Code = "TICKET_REJECTED"
)

// The errors of users and their phones.
const (
	// UserNotRegistered: a right code, but nobody's phone.
	UserNotRegistered errcode.Code = "USER_NOT_REGISTERED"
	// RegistrationClosed: a right code, but no new users are taken.
	RegistrationClosed errcode.Code = "REGISTRATION_CLOSED"
	// PhoneInUse: the phone has an owner.
	PhoneInUse errcode.Code = "PHONE_IN_USE"
	// LastLogin: the user's last way in is kept.
	LastLogin errcode.Code = "LAST_LOGIN"
	// PhoneAlreadyBound: the user has a phone.
	PhoneAlreadyBound errcode.Code = "PHONE_ALREADY_BOUND"
	// PhoneNotBound: the user has no phone.
	PhoneNotBound errcode.Code = "PHONE_NOT_BOUND"
)
