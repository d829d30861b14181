package verification

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// errStore gives the error of a store's step: what can't be reached or is too
// slow may be asked again in a second, anything else is a fault.
func errStore(err error) error {
	switch {
	case errors.Is(err, caches.ErrUnavailable), errors.Is(err, databases.ErrUnavailable),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errcode.Wrap(err, errcode.StoreUnavailable, "the store can't be reached").After(time.Second)
	}
	return errcode.Wrap(err, errcode.Internal, "an internal error")
}

// errReserve gives the error of a reservation that was not made; reason says what
// is wrong with its captcha where something is.
func errReserve(r caches.ReserveResult, reason string) error {
	switch r.Outcome {
	case caches.Cooldown:
		wait := max(roundUp(r.RetryAfter, time.Second), time.Second)
		return errcode.New(codes.SendTooFrequent, "a code was sent a moment ago").
			After(wait).With("retryAfter", seconds(wait))
	case caches.CaptchaRequired:
		return errcode.New(codes.CaptchaRequired, "a captcha is needed")
	case caches.CaptchaWrong:
		return errcode.New(codes.CaptchaError, "the captcha was not solved").With("reason", reason)
	case caches.CaptchaUsed:
		return errcode.New(codes.CaptchaError, "the captcha was not solved").With("reason", captchaExpired)
	case caches.LimitReached:
		wait := max(roundUp(r.RetryAfter, time.Minute), time.Minute)
		return errcode.New(codes.SendLimited, "too many codes were sent").
			After(wait).With("retryAfter", seconds(wait))
	default:
		return errcode.New(errcode.Internal, "an internal error")
	}
}

// errSent is the answer to a repeat of what may have been sent.
func errSent(p policy) error {
	return errcode.New(codes.SMSFailed, "whether the message was sent is not known").
		With("resendAfter", seconds(roundUp(p.interval, time.Second))).
		With("expiresIn", seconds(roundUp(p.ttl, time.Second)))
}

// errGuess gives the error of a guess that wasn't right.
func errGuess(g caches.GuessResult) error {
	switch g.Outcome {
	case caches.GuessWrong:
		return errRejected()
	case caches.GuessLocked:
		wait := max(roundUp(g.RetryAfter, time.Second), time.Second)
		return errcode.New(codes.CodeLocked, "too many wrong codes").
			After(wait).With("retryAfter", seconds(wait))
	case caches.GuessBusy:
		return errBusy()
	default:
		return errcode.New(errcode.Internal, "an internal error")
	}
}

func errRejected() error {
	return errcode.New(codes.CodeRejected, "the code is not right")
}

func errBusy() error {
	return errcode.New(codes.CodeBusy, "another request is using this code").After(time.Second)
}

func errTicket() error {
	return errcode.New(codes.TicketRejected, "the ticket is not right")
}

func errPhoneInUse() error {
	return errcode.New(codes.PhoneInUse, "the phone is in use")
}

// errRefused gives the error of a change that the database refused for good, nil
// for any other error.
func errRefused(err error) error {
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

func roundUp(d, unit time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return (d + unit - 1).Truncate(unit)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
