package phonetype

import (
	"context"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// done is the result of the account functions.
const done = 1

// BindRequest are the arguments of bind.
type BindRequest struct {
	UserID string `json:"userId" arg:"Stext,required" title:"User"`
	Phone  string `json:"phone" arg:"Phone,required" title:"Phone"`
	Code   string `json:"code" arg:"Stext,required" title:"Code"`
}

// Bind binds a phone to the current user. It checks the account before phone and code. If
// the phone is bound to this user already, the host knows whether this very request
// has bound it.
func (p *PhoneLogin) Bind(ctx context.Context, in BindRequest) (int, error) {
	own, err := account(ctx, in.UserID)
	if err != nil {
		return 0, err
	}
	identity, err := p.identity(in.Phone)
	if err == nil {
		err = p.checkCode("code", in.Code)
	}
	if own != "" && (err != nil || own != identity) {
		return 0, errcode.New(codes.PhoneAlreadyBound, "a phone is bound")
	}
	if err != nil {
		return 0, err
	}
	_, err = sdk.HostOf(ctx).Login().Bind(ctx, &elementv1.BindRequest{
		UserId:   in.UserID,
		Identity: identity,
		Code:     in.Code,
		Test:     p.tests[identity],
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// UnbindRequest are the arguments of unbind.
type UnbindRequest struct {
	UserID string `json:"userId" arg:"Stext,required" title:"User"`
	Code   string `json:"code" arg:"Stext,required" title:"Code"`
}

// Unbind takes the current user's phone away. If none is bound, the host knows whether
// this very request has unbound it.
func (p *PhoneLogin) Unbind(ctx context.Context, in UnbindRequest) (int, error) {
	own, err := account(ctx, in.UserID)
	if err != nil {
		return 0, err
	}
	if err := p.checkCode("code", in.Code); err != nil {
		if own == "" {
			return 0, errNotBound()
		}
		return 0, err
	}
	_, err = sdk.HostOf(ctx).Login().Unbind(ctx, &elementv1.UnbindRequest{
		UserId: in.UserID,
		Code:   in.Code,
		Test:   p.tests[own],
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// CheckMyMessageRequest are the arguments of checkMyMessage.
type CheckMyMessageRequest struct {
	Code string `json:"code" arg:"Stext,required" title:"Code"`
}

// Ticket lets its user replace their phone once, within five minutes.
type Ticket struct {
	Ticket string `json:"ticket"`
}

// CheckMyMessage exchanges a code of the user's own phone for a ticket.
func (p *PhoneLogin) CheckMyMessage(ctx context.Context, in CheckMyMessageRequest) (*Ticket, error) {
	own, err := ownPhone(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.checkCode("code", in.Code); err != nil {
		return nil, err
	}
	out, err := sdk.HostOf(ctx).Login().IssueTicket(ctx, &elementv1.IssueTicketRequest{
		Code: in.Code,
		Test: p.tests[own],
	})
	if err != nil {
		return nil, err
	}
	return &Ticket{Ticket: out.GetTicket()}, nil
}

// UpdatePhoneRequest are the arguments of updatePhone.
type UpdatePhoneRequest struct {
	UserID   string `json:"userId" arg:"Stext,required" title:"User"`
	Ticket   string `json:"ticket" arg:"Stext,required" title:"Ticket"`
	NewPhone string `json:"newPhone" arg:"Phone,required" title:"New phone"`
	NewCode  string `json:"newCode" arg:"Stext,required" title:"Code of the new phone"`
}

// UpdatePhone replaces the current user's phone. The host notifies the old one.
func (p *PhoneLogin) UpdatePhone(ctx context.Context, in UpdatePhoneRequest) (int, error) {
	own, err := account(ctx, in.UserID)
	if err != nil {
		return 0, err
	}
	if own == "" {
		return 0, errNotBound()
	}
	identity, err := p.identity(in.NewPhone)
	if err != nil {
		return 0, err
	}
	if err := p.checkCode("newCode", in.NewCode); err != nil {
		return 0, err
	}
	notice, err := p.notice()
	if err != nil {
		return 0, err
	}
	_, err = sdk.HostOf(ctx).Login().Move(ctx, &elementv1.MoveRequest{
		UserId:   in.UserID,
		Ticket:   in.Ticket,
		Identity: identity,
		Code:     in.NewCode,
		Test:     p.tests[identity],
		Notice:   notice,
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// account returns the phone of the current user, or "" if none is bound. userID must be
// the current user's ID.
func account(ctx context.Context, userID string) (own string, err error) {
	current, own, err := currentUser(ctx)
	if err == nil && current != userID {
		return "", errcode.New(errcode.Forbidden, "this is another user's")
	}
	return own, err
}

// ownPhone returns the current user's phone.
func ownPhone(ctx context.Context) (string, error) {
	_, own, err := currentUser(ctx)
	if err == nil && own == "" {
		return "", errNotBound()
	}
	return own, err
}

func currentUser(ctx context.Context) (userID, own string, err error) {
	out, err := sdk.HostOf(ctx).Login().Account(ctx, &elementv1.AccountRequest{})
	if err == nil && out.GetUserId() == "" {
		err = errcode.New(errcode.LoginRequired, "nobody is signed in")
	}
	return out.GetUserId(), out.GetIdentity(), err
}

func errNotBound() error {
	return errcode.New(codes.PhoneNotBound, "no phone is bound")
}
