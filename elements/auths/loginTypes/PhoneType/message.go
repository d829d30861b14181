package phonetype

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// message are the arguments of an SMS element's sendMessage. What isn't set is
// the SMS element's own.
type message struct {
	PhoneList          []string          `json:"phoneList"`
	Params             map[string]string `json:"params"`
	VerifyTemplateCode string            `json:"verifyTemplateCode"`
	VerifySign         string            `json:"verifySign,omitempty"`
	VerifyParams       []string          `json:"verifyParams,omitempty"`
	Text               string            `json:"text,omitempty"`
}

// receipt is its answer.
type receipt struct {
	Results []struct {
		Status string `json:"status"`
	} `json:"results"`
}

// accepted is the status of a message that the vendor has taken.
const accepted = "accepted"

// message is what carries a code to a phone.
func (p *PhoneLogin) message(identity, code string) message {
	own := p.config.SMSConfig
	return message{
		PhoneList: []string{identity},
		Params: map[string]string{
			"code":    code,
			"minutes": minutes(p.policy.GetCodeTtlMs()),
			"product": p.appTitle,
		},
		VerifyTemplateCode: own.VerifyTemplateCode,
		VerifySign:         own.VerifySign,
		VerifyParams:       own.VerifyParams,
	}
}

// send has a code sent, once, and says how that ended: accepted without error,
// refused or unknown with the caller's.
func (p *PhoneLogin) send(ctx context.Context, identity string, reserved *elementv1.ReserveResponse) (elementv1.Outcome, error) {
	var got receipt
	err := sdk.HostOf(ctx).Call(ctx, p.config.SMSFullName, "sendMessage", p.message(identity, reserved.GetCode()), &got)
	return p.outcome(err, err == nil && len(got.Results) == 1 && got.Results[0].Status == accepted)
}

// outcome says how a send ended, by the SMS element's error or that it was accepted.
func (p *PhoneLogin) outcome(err error, accepted bool) (elementv1.Outcome, error) {
	switch {
	case accepted:
		return elementv1.Outcome_OUTCOME_ACCEPTED, nil
	case codes.Unsent(err):
		return elementv1.Outcome_OUTCOME_REFUSED, refusal(err)
	}
	return elementv1.Outcome_OUTCOME_UNKNOWN, errcode.Wrap(err, codes.SMSFailed, "what became of the message is not known").
		With("resendAfter", wholeSeconds(p.policy.GetResendIntervalMs())).
		With("expiresIn", wholeSeconds(p.policy.GetCodeTtlMs()))
}

// refusal gives the caller's error for a message that was not sent.
func refusal(err error) error {
	e, _ := errcode.As(err)
	switch e.Code {
	case codes.SMSRefused:
		if e.Details["reason"] == "throttled" && e.Details["scope"] != "account" {
			return throttled(e)
		}
		return e
	case codes.SMSParams, errcode.ElementUnavailable:
		return e
	default:
		// The element or what was asked of it doesn't fit this login.
		return errcode.Wrap(e, errcode.ElementUnavailable, "the SMS element can't be used").
			With("outcome", errcode.OutcomeNotExecuted)
	}
}

// throttled is the answer when the vendor has had too many for this number. The
// wait is the vendor's, where it names one.
func throttled(e *errcode.Error) error {
	limited := errcode.Wrap(e, codes.SendLimited, "too many codes were sent").With("reason", "throttled")
	if e.RetryAfter <= 0 {
		return limited.Retry()
	}
	wait := (e.RetryAfter + time.Minute - 1).Truncate(time.Minute)
	return limited.After(wait).With("retryAfter", int64(wait/time.Second))
}

// notice is what tells an old number that it was replaced; nil where no message for
// that is configured.
func (p *PhoneLogin) notice() (*elementv1.Notice, error) {
	own := p.config.SMSConfig
	if own.NoticeTemplateCode == "" && own.NoticeText == "" {
		return nil, nil
	}
	text, err := json.Marshal(message{
		Params:             map[string]string{"product": p.appTitle},
		VerifyTemplateCode: own.NoticeTemplateCode,
		VerifySign:         own.VerifySign,
		Text:               own.NoticeText,
	})
	if err != nil {
		return nil, err
	}
	return &elementv1.Notice{Element: p.config.SMSFullName, ArgsJson: text}, nil
}

// minutes is how long a code is valid, rounded up, as messages say it.
func minutes(ms int64) string {
	const minute = int64(time.Minute / time.Millisecond)
	return strconv.FormatInt((ms+minute-1)/minute, 10)
}
