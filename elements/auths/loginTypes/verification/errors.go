package verification

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// errStore returns the answer to a failed step of a store. A store that is
// unreachable or slow may be asked again in a second.
func errStore(err error) error {
	switch {
	case errors.Is(err, caches.ErrUnavailable), errors.Is(err, databases.ErrUnavailable),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errcode.Wrap(err, errcode.StoreUnavailable, "the store can't be reached").After(time.Second)
	}
	return errcode.Wrap(err, errcode.Internal, "an internal error")
}

// errAdmission returns the answer to a request that was not let in.
func errAdmission(err error) error {
	return errcode.Wrap(err, errcode.StoreUnavailable, "too many requests at once").After(time.Second)
}

// errReserve returns the answer to a reservation that was not made. reason is what
// is wrong with its captcha.
func errReserve(r caches.ReserveResult, reason string) error {
	switch r.Outcome {
	case caches.Cooldown:
		return limited(codes.SendTooFrequent, "a code was sent a moment ago", r.RetryAfter, time.Second)
	case caches.CaptchaRequired:
		return errcode.New(codes.CaptchaRequired, "a captcha is needed")
	case caches.CaptchaWrong:
		return errcode.New(codes.CaptchaError, "the captcha was not solved").With("reason", reason)
	case caches.CaptchaUsed:
		return errcode.New(codes.CaptchaError, "the captcha was not solved").With("reason", captchaExpired)
	case caches.LimitReached:
		return limited(codes.SendLimited, "too many codes were sent", r.RetryAfter, time.Minute)
	default:
		return errcode.New(errcode.Internal, "an internal error")
	}
}

// limited returns an error with a time to wait, rounded up to whole units.
func limited(code errcode.Code, message string, wait, unit time.Duration) error {
	wait = max(roundUp(wait, unit), unit)
	return errcode.New(code, "%s", message).After(wait).With("retryAfter", seconds(wait))
}

// errSendUnknown is the answer to a repeat of a request that may have sent a code.
func errSendUnknown(p policy) error {
	return errcode.New(smscode.Failed, "whether the message was sent is not known").
		With("resendAfter", seconds(p.interval())).
		With("expiresIn", seconds(p.ttl()))
}

// errGuess returns the answer to a guess that is not right.
func errGuess(g caches.GuessResult) error {
	switch g.Outcome {
	case caches.GuessWrong:
		return errRejected()
	case caches.GuessLocked:
		return limited(codes.CodeLocked, "too many wrong codes", g.RetryAfter, time.Second)
	case caches.GuessBusy:
		return errBusy()
	default:
		return errcode.New(errcode.Internal, "an internal error")
	}
}

func errRejected() error { return errcode.New(codes.CodeRejected, "the code is not right") }

func errBusy() error {
	return errcode.New(codes.CodeBusy, "another request is using this code").After(time.Second)
}

func errTicket() error     { return errcode.New(codes.TicketRejected, "the ticket is not right") }
func errPhoneInUse() error { return errcode.New(codes.PhoneInUse, "the phone is in use") }
func errNotBound() error   { return errcode.New(codes.PhoneNotBound, "no phone is bound") }

func errLoginRequired() error { return errcode.New(errcode.LoginRequired, "nobody is signed in") }

// errChange returns the answer to a change that the database refused for good, nil
// for any other error.
func errChange(err error) error {
	switch {
	case errors.Is(err, databases.ErrPhoneInUse):
		return errPhoneInUse()
	case errors.Is(err, databases.ErrAlreadyBound):
		return errcode.New(codes.PhoneAlreadyBound, "a phone is bound")
	case errors.Is(err, databases.ErrNotBound):
		return errNotBound()
	case errors.Is(err, databases.ErrNotFound):
		return errLoginRequired()
	}
	return nil
}

// errNotMade returns the answer to a change that was certainly not made: the database
// refused it, or gave it up. It returns nil if the change may have been made.
func errNotMade(err error) error {
	if refused := errChange(err); refused != nil {
		return refused
	}
	if errors.Is(err, databases.ErrNotMade) {
		return errStore(err)
	}
	return nil
}

func roundUp(d, unit time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return (d + unit - 1).Truncate(unit)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
