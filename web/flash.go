package web

import "github.com/lintel-run/lintel/server/extension"

// flashMessage is a message that a page shows once.
type flashMessage struct {
	// Key of the text in the locale.
	Key string `json:"k,omitempty"`
	// Good: it is news, not an error.
	Good bool `json:"g,omitempty"`
	// Number in the text: seconds, or how many digits.
	Number int64 `json:"n,omitempty"`
	// Ref is the request's id, for failures that only an operator understands.
	Ref string `json:"r,omitempty"`
}

// messageKeys are the texts of the failures that a person can do something about.
var messageKeys = map[string]string{
	"PHONE_INVALID":            "phoneInvalid",
	"PHONE_REGION_NOT_ALLOWED": "phoneRegion",
	"SEND_TOO_FREQUENT":        "sentAlready", // the countdown shows the time
	"SEND_LIMITED":             "sendLimited",
	"CAPTCHA_ERROR":            "captchaWrong",
	"CODE_REJECTED":            "codeRejected",
	"CODE_LOCKED":              "codeLocked",
	"CODE_BUSY":                "busy",
	"REGISTRATION_CLOSED":      "registrationClosed",
	"PHONE_IN_USE":             "phoneInUse",
	"TICKET_REJECTED":          "ticketRejected",
	"LAST_LOGIN":               "lastLogin",
	"PHONE_ALREADY_BOUND":      "alreadyBound",
	"PHONE_NOT_BOUND":          "notBound",
	"LOGIN_REQUIRED":           "signInAgain",
	"SMS_FAILED":               "sendUnknown",

	"SMS_REFUSED number":        "numberRefused",
	"SMS_REFUSED region":        "phoneRegion",
	"SMS_REFUSED throttled":     "sendLimited",
	"API_PARAMS_ERROR nick":     "nickInvalid",
	"API_PARAMS_ERROR phone":    "phoneInvalid",
	"API_PARAMS_ERROR newPhone": "phoneInvalid",
}

// messageOf returns a failure's message: a text of its own, or one with a
// reference for the operator.
func messageOf(f *extension.Failure) flashMessage {
	key := messageKeys[f.Code]
	for _, detail := range []string{"reason", "arg"} {
		if text, ok := f.Details[detail].(string); ok && key == "" {
			key = messageKeys[f.Code+" "+text]
		}
	}
	switch key {
	case "":
		return flashMessage{Key: "unavailable", Ref: f.RequestID}
	case "sendLimited", "codeLocked":
		return flashMessage{Key: key, Number: max((f.RetryAfter+59)/60, 1)}
	}
	return flashMessage{Key: key}
}
