package phonetype

import (
	"context"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// LoginRequest are the arguments of getLoginCode.
type LoginRequest struct {
	Phone string `json:"phone" arg:"Phone,required" title:"Phone"`
	Code  string `json:"code" arg:"Stext,required" title:"Code"`
}

// Corp is an organisation that a user is a member of.
type Corp struct {
	CorpID   string `json:"corpId"`
	CorpName string `json:"corpName"`
}

// LoginResult is the result of getLoginCode.
type LoginResult struct {
	LoginCode string `json:"loginCode"`
	CorpList  []Corp `json:"corpList"`
	UserID    string `json:"userId"`
}

// GetLoginCode exchanges a code for a loginCode.
func (p *PhoneLogin) GetLoginCode(ctx context.Context, in LoginRequest) (*LoginResult, error) {
	identity, err := p.identity(in.Phone)
	if err != nil {
		return nil, err
	}
	if err := p.checkCode("code", in.Code); err != nil {
		return nil, err
	}
	out, err := sdk.HostOf(ctx).Login().Exchange(ctx, &elementv1.ExchangeRequest{
		Identity: identity,
		Code:     in.Code,
		Test:     p.tests[identity],
	})
	if err != nil {
		return nil, err
	}
	return &LoginResult{LoginCode: out.GetLoginCode(), CorpList: corpList(out.GetCorps()), UserID: out.GetUserId()}, nil
}

// RegisterRequest are the arguments of register.
type RegisterRequest struct {
	Phone string `json:"phone" arg:"Phone,required" title:"Phone"`
	Code  string `json:"code" arg:"Stext,required" title:"Code"`
	Nick  string `json:"nick" arg:"Stext,required" title:"Nick"`
}

// RegisterResult is the result of register: a new user.
type RegisterResult struct {
	UserID string `json:"userId"`
	Nick   string `json:"nick"`
	// Phone is masked.
	Phone     string `json:"phone"`
	CorpList  []Corp `json:"corpList"`
	LoginCode string `json:"loginCode"`
}

// Register creates a user.
func (p *PhoneLogin) Register(ctx context.Context, in RegisterRequest) (*RegisterResult, error) {
	identity, err := p.identity(in.Phone)
	if err != nil {
		return nil, err
	}
	if err := p.checkCode("code", in.Code); err != nil {
		return nil, err
	}
	nick, err := nickOf(in.Nick)
	if err != nil {
		return nil, err
	}
	out, err := sdk.HostOf(ctx).Login().Register(ctx, &elementv1.RegisterRequest{
		Identity: identity,
		Code:     in.Code,
		Nick:     nick,
		Test:     p.tests[identity],
	})
	if err != nil {
		return nil, err
	}
	return &RegisterResult{
		UserID:    out.GetUserId(),
		Nick:      out.GetNick(),
		Phone:     phone.Mask(identity),
		CorpList:  corpList(out.GetCorps()),
		LoginCode: out.GetLoginCode(),
	}, nil
}

func corpList(corps []*elementv1.Corp) []Corp {
	list := make([]Corp, 0, len(corps))
	for _, corp := range corps {
		list = append(list, Corp{CorpID: corp.GetCorpId(), CorpName: corp.GetCorpName()})
	}
	return list
}
