package phonetype

import (
	"context"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// SendRequest are the arguments of sendMessage.
type SendRequest struct {
	// Phone may be left out for a purpose that concerns the user's own.
	Phone *string `json:"phone" arg:"Phone" title:"Phone"`
	// Purpose may be left out: a user's code is then good for their account, and
	// anybody else's for logging in and registering.
	Purpose *string `json:"purpose" arg:"Stext" title:"What the code is for"`
	// Captcha may be required; then the answer is CAPTCHA_REQUIRED.
	Captcha *CaptchaAnswer `json:"captcha" arg:"JitDict" title:"A captcha's token and answer"`
}

// SendResult is the result of sendMessage. Times are in seconds.
type SendResult struct {
	Code        int    `json:"code"`
	Message     string `json:"message"`
	ResendAfter int64  `json:"resendAfter"`
	ExpiresIn   int64  `json:"expiresIn"`
}

// SendMessage has the host send a code.
func (p *PhoneLogin) SendMessage(ctx context.Context, in SendRequest) (*SendResult, error) {
	captcha, err := captchaAnswer(in.Captcha)
	if err != nil {
		return nil, err
	}
	purpose, identity, err := p.addressee(ctx, in)
	if err != nil {
		return nil, err
	}
	message, err := p.codeMessage(identity)
	if err != nil {
		return nil, err
	}
	out, err := sdk.HostOf(ctx).Login().Send(ctx, &elementv1.SendRequest{
		Reserve: &elementv1.ReserveRequest{
			Identity: identity,
			Purpose:  purpose,
			Test:     p.tests[identity],
			Captcha:  captcha,
			Crowds:   p.riskGroups(identity),
		},
		Element:  p.config.SMSFullName,
		ArgsJson: message,
	})
	if err != nil {
		return nil, err
	}
	if out.GetOutcome() != elementv1.Outcome_OUTCOME_ACCEPTED {
		return nil, p.errSend(out.GetOutcome(), errcode.FromWire(out.GetError()))
	}
	reserved := out.GetReserved()
	return &SendResult{
		Code:        200,
		Message:     "success",
		ResendAfter: wholeSeconds(reserved.GetResendAfterMs()),
		ExpiresIn:   wholeSeconds(reserved.GetExpiresInMs()),
	}, nil
}

// addressee returns what the code is for, and whose phone gets it.
func (p *PhoneLogin) addressee(ctx context.Context, in SendRequest) (purpose, identity string, err error) {
	if in.Purpose != nil {
		if err := checkPurpose(*in.Purpose); err != nil {
			return "", "", err
		}
		purpose = *in.Purpose
	}
	if in.Phone != nil {
		identity, err = p.identity(*in.Phone)
		return purpose, identity, err
	}
	if purpose != purposeUnbind && purpose != purposeCheckMyMessage {
		return "", "", errArg("phone", "the phone is missing")
	}
	identity, err = ownPhone(ctx)
	return purpose, identity, err
}

func wholeSeconds(ms int64) int64 { return (ms + 999) / 1000 }
