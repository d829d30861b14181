package phonetype

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// message are the arguments of an SMS element's sendMessage. What isn't set comes
// from the SMS element's configuration.
type message struct {
	PhoneList          []string          `json:"phoneList"`
	Params             map[string]string `json:"params"`
	VerifyTemplateCode string            `json:"verifyTemplateCode"`
	VerifySign         string            `json:"verifySign,omitempty"`
	VerifyParams       []string          `json:"verifyParams,omitempty"`
	Text               string            `json:"text,omitempty"`
}

// codeMessage returns the message that carries a code to a phone. The host adds the
// code.
func (p *PhoneLogin) codeMessage(identity string) ([]byte, error) {
	own := p.config.SMSConfig
	return json.Marshal(message{
		PhoneList: []string{identity},
		Params: map[string]string{
			"minutes": strconv.Itoa((p.config.CodeTTL + 59) / 60),
			"product": p.appTitle,
		},
		VerifyTemplateCode: own.VerifyTemplateCode,
		VerifySign:         own.VerifySign,
		VerifyParams:       own.VerifyParams,
	})
}

// notice returns the message that tells an old number that it was replaced; nil if
// none is configured.
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

// errSend returns the caller's error for a message that wasn't accepted, from the
// SMS element's.
func (p *PhoneLogin) errSend(outcome elementv1.Outcome, err error) error {
	if outcome != elementv1.Outcome_OUTCOME_REFUSED {
		return errcode.Wrap(err, smscode.Failed, "whether the message was sent is not known").
			With("resendAfter", p.config.ResendInterval).
			With("expiresIn", p.config.CodeTTL)
	}
	e, _ := errcode.As(err)
	switch e.Code {
	case smscode.Refused:
		if e.Details["reason"] == "throttled" && e.Details["scope"] != "account" {
			return errThrottled(e)
		}
		return e
	case smscode.Params, errcode.ElementUnavailable:
		return e
	default:
		// The element, or what was asked of it, doesn't fit this login.
		return errcode.Wrap(e, errcode.ElementUnavailable, "the SMS element can't be used").
			With("outcome", errcode.OutcomeNotExecuted)
	}
}

// errThrottled is the answer when the vendor has had too many messages for this
// number. The wait is the vendor's, if it names one.
func errThrottled(e *errcode.Error) error {
	limited := errcode.Wrap(e, codes.SendLimited, "too many codes were sent").With("reason", "throttled")
	if e.RetryAfter <= 0 {
		return limited.Retry()
	}
	wait := (e.RetryAfter + time.Minute - 1).Truncate(time.Minute)
	return limited.After(wait).With("retryAfter", int64(wait/time.Second))
}
