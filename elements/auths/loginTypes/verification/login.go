package verification

import (
	"context"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// Exchange exchanges a code for a loginCode of the identity's user. It reads the
// user, then compares in one step of the cache, which takes the code only if there
// is a user.
func (s *Service) Exchange(ctx context.Context, in *elementv1.ExchangeRequest) (*elementv1.ExchangeResponse, error) {
	ctx, r, err := s.beginGuess(ctx, in.GetIdentity(), in.GetCode())
	if err != nil {
		return nil, err
	}
	defer r.end()
	g := guess{identity: in.GetIdentity(), purpose: purposeLogin, digits: in.GetCode()}
	entry, err := r.testEntry(ctx, g.identity, in.GetTest())
	if err != nil {
		return nil, err
	}
	user, err := r.owner(ctx, g.identity)
	if err != nil {
		return nil, err
	}
	g.entry = entry.forUser(user)
	loginCode, err := r.exchange(ctx, g, user)
	if err != nil {
		return nil, rejectUsed(err)
	}
	if user == nil {
		return nil, errcode.New(codes.UserNotRegistered, "nobody is registered with this phone")
	}
	return &elementv1.ExchangeResponse{LoginCode: loginCode, UserId: user.ID, Corps: wireCorps(user.Corps)}, nil
}
