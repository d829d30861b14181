package phonetype

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Request are the arguments of sendMessage.
type Request struct {
	// Phone may be left out for what concerns the user's own.
	Phone *string `json:"phone" arg:"Phone" title:"Phone"`
	// Purpose may be left out: a user's code is then good for their account, and
	// anybody else's for logging in and registering.
	Purpose *string `json:"purpose" arg:"Stext" title:"What the code is for"`
	// Captcha is asked for at times; then the answer is CAPTCHA_REQUIRED.
	Captcha *Answer `json:"captcha" arg:"JitDict" title:"A captcha's token and answer"`
}

// Sent is the answer to a code that was sent. Times are in seconds.
type Sent struct {
	Code        int    `json:"code"`
	Message     string `json:"message"`
	ResendAfter int64  `json:"resendAfter"`
	ExpiresIn   int64  `json:"expiresIn"`
}

// settleBound is what telling the host of an outcome may take. It has its time
// even when the call's is up: what the vendor said must not be lost.
const settleBound = 3 * time.Second

// SendMessage has the host reserve, send and settle. Where every phone is to be
// answered alike, the host only reserves, and the message is sent after the answer.
func (p *PhoneLogin) SendMessage(ctx context.Context, in Request) (*Sent, error) {
	captcha, err := captchaOf(in.Captcha)
	if err != nil {
		return nil, err
	}
	purpose, identity, err := p.addressee(ctx, in)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(p.message(identity, ""))
	if err != nil {
		return nil, err
	}
	answer, err := sdk.HostOf(ctx).Login().Send(ctx, &elementv1.SendRequest{
		Reserve: &elementv1.ReserveRequest{
			Policy:   p.policy,
			Identity: identity,
			Purpose:  purpose,
			Test:     p.tests[identity],
			Captcha:  captcha,
			Crowds:   p.crowdsOf(identity),
		},
		Element:  p.config.SMSFullName,
		ArgsJson: text,
	})
	if err != nil {
		return nil, err
	}
	reserved := answer.GetReserved()
	sent := &Sent{
		Code:        200,
		Message:     "success",
		ResendAfter: wholeSeconds(reserved.GetResendAfterMs()),
		ExpiresIn:   wholeSeconds(reserved.GetExpiresInMs()),
	}
	if !reserved.GetAnswerFirst() {
		outcome, err := p.outcome(errcode.FromWire(answer.GetError()), answer.GetOutcome() == elementv1.Outcome_OUTCOME_ACCEPTED)
		if reserved.GetDeliver() {
			p.tell(ctx, identity, outcome, err)
		}
		if err != nil {
			return nil, err
		}
		return sent, nil
	}
	after, finish := sdk.Detach(ctx)
	go func() {
		defer finish()
		// Whatever becomes of it was logged; the answer is given.
		_ = p.deliver(after, identity, reserved)
	}()
	return sent, nil
}

// addressee gives what the code is for and whose phone gets it.
func (p *PhoneLogin) addressee(ctx context.Context, in Request) (purpose, identity string, err error) {
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

// deliver has a reserved code sent, if it is to be, and settles the reservation.
func (p *PhoneLogin) deliver(ctx context.Context, identity string, reserved *elementv1.ReserveResponse) error {
	if !reserved.GetDeliver() {
		p.settle(ctx, reserved, elementv1.Outcome_OUTCOME_ACCEPTED)
		return nil
	}
	outcome, err := p.send(ctx, identity, reserved)
	p.tell(ctx, identity, outcome, err)
	if outcome != elementv1.Outcome_OUTCOME_UNKNOWN {
		p.settle(ctx, reserved, outcome)
	}
	return err
}

// tell logs how a send ended.
func (p *PhoneLogin) tell(ctx context.Context, identity string, outcome elementv1.Outcome, err error) {
	log := sdk.Logger(ctx).With("phone", phone.Mask(identity))
	switch outcome {
	case elementv1.Outcome_OUTCOME_ACCEPTED:
		log.Info("a code was sent")
	case elementv1.Outcome_OUTCOME_REFUSED:
		log.Warn("a code was not sent", "error", err)
	default:
		log.Warn("what became of a code is not known", "error", err)
	}
}

// settle tells the host. A failure changes nothing for the caller: an accepted
// code works while its reservation is open, and a refused one expires.
func (p *PhoneLogin) settle(ctx context.Context, reserved *elementv1.ReserveResponse, outcome elementv1.Outcome) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleBound)
	defer cancel()
	_, err := sdk.HostOf(ctx).Login().Settle(ctx, &elementv1.SettleRequest{
		Reservation: reserved.GetReservation(),
		Outcome:     outcome,
	})
	if err != nil {
		sdk.Logger(ctx).Warn("a reservation could not be settled", "error", err)
	}
}

func wholeSeconds(ms int64) int64 { return (ms + 999) / 1000 }
