package verification

import (
	"context"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// Exchange reads the identity's user, then compares in one step of the store,
// which takes the code and keeps the loginCode if there is a user.
func (s *Service) Exchange(ctx context.Context, r *elementv1.ExchangeRequest) (*elementv1.ExchangeResponse, error) {
	p, err := policyOf(r.GetPolicy())
	if err != nil {
		return nil, err
	}
	if err := checkIdentity(r.GetIdentity()); err != nil {
		return nil, err
	}
	if err := checkDigits(p, r.GetCode()); err != nil {
		return nil, err
	}
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	entry, err := op.testEntry(ctx, r.GetIdentity(), r.GetTest())
	if err != nil {
		return nil, err
	}
	user, err := op.owner(ctx, r.GetIdentity())
	if err != nil {
		return nil, err
	}
	g := guess{
		identity: r.GetIdentity(),
		purpose:  purposeLogin,
		digits:   r.GetCode(),
		attempts: p.attempts,
	}
	if entry.opens(user) {
		g.entry = entry
	}
	if user == nil {
		if _, err := op.guess(ctx, g); err != nil {
			return nil, rejectUsed(err)
		}
		return nil, errcode.New(codes.UserNotRegistered, "nobody is registered with this phone")
	}
	g.user = user.ID
	loginCode, err := op.take(ctx, g, user.ID)
	if err != nil {
		return nil, rejectUsed(err)
	}
	return &elementv1.ExchangeResponse{LoginCode: loginCode, UserId: user.ID, Corps: wireCorps(user.Corps)}, nil
}
