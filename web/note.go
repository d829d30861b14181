package web

// noteOf says a failure in a person's words: a text for each code that they can do
// something about, one with a reference for all others.
func noteOf(f *Failure) note {
	minutes := (f.Wait + 59) / 60
	switch f.Code {
	case "PHONE_INVALID":
		return note{Key: "phoneInvalid"}
	case "PHONE_REGION_NOT_ALLOWED":
		return note{Key: "phoneRegion"}
	case "SEND_TOO_FREQUENT":
		return note{Key: "sentAlready"} // the countdown says how long
	case "SEND_LIMITED":
		return note{Key: "sendLimited", Number: max(minutes, 1)}
	case "CAPTCHA_ERROR":
		return note{Key: "captchaWrong"}
	case "CODE_REJECTED":
		return note{Key: "codeRejected"}
	case "CODE_LOCKED":
		return note{Key: "codeLocked", Number: max(minutes, 1)}
	case "CODE_BUSY":
		return note{Key: "busy"}
	case "REGISTRATION_CLOSED":
		return note{Key: "registrationClosed"}
	case "PHONE_IN_USE":
		return note{Key: "phoneInUse"}
	case "TICKET_REJECTED":
		return note{Key: "ticketRejected"}
	case "LAST_LOGIN":
		return note{Key: "lastLogin"}
	case "PHONE_ALREADY_BOUND":
		return note{Key: "alreadyBound"}
	case "PHONE_NOT_BOUND":
		return note{Key: "notBound"}
	case "LOGIN_REQUIRED":
		return note{Key: "signInAgain"}
	case "SMS_FAILED":
		return note{Key: "sendUnknown"}
	case "SMS_REFUSED":
		switch f.Data["reason"] {
		case "number":
			return note{Key: "numberRefused"}
		case "region":
			return note{Key: "phoneRegion"}
		case "throttled":
			return note{Key: "sendLimited", Number: max(minutes, 1)}
		}
	case "API_PARAMS_ERROR":
		switch f.Data["arg"] {
		case "nick":
			return note{Key: "nickInvalid"}
		case "phone", "newPhone":
			return note{Key: "phoneInvalid"}
		}
	}
	return note{Key: "unavailable", Ref: f.RequestID}
}
