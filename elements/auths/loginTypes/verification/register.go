package verification

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// Register claims the code, creates the user in one transaction with the code's ID,
// and issues a loginCode as it ends the claim.
func (s *Service) Register(ctx context.Context, in *elementv1.RegisterRequest) (*elementv1.RegisterResponse, error) {
	ctx, r, err := s.beginGuess(ctx, in.GetIdentity(), in.GetCode())
	if err != nil {
		return nil, err
	}
	defer r.end()
	g := guess{identity: in.GetIdentity(), purpose: purposeRegister, digits: in.GetCode()}
	if g.entry, err = r.testEntryOfOwner(ctx, g.identity, in.GetTest()); err != nil {
		return nil, err
	}
	if !r.policy.registers() {
		if _, err := r.compare(ctx, g); err != nil {
			return nil, rejectUsed(err)
		}
		return nil, errcode.New(codes.RegistrationClosed, "no new users are taken")
	}
	corp, err := r.corpOfNewUsers(ctx)
	if err != nil {
		return nil, err
	}
	g.then = caches.Claim
	m, err := r.compare(ctx, g)
	if err != nil {
		return nil, errRegistered(err)
	}
	return r.createUser(ctx, g, m, databases.NewUser{
		Nick:   in.GetNick(),
		Phone:  g.identity,
		Test:   g.entry != nil,
		CorpID: corp,
	})
}

// createUser creates the user that a claimed code registers.
func (r *request) createUser(ctx context.Context, g guess, m match, u databases.NewUser) (*elementv1.RegisterResponse, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, errStore(err)
	}
	u.ID = id.String()
	var (
		user  databases.User
		token string
		issue caches.Issue
	)
	err = r.change(ctx, m, &issue, func(use databases.Use) error {
		use.Kind, use.UserID = purposeRegister, u.ID
		var err error
		if user, err = r.dir.CreateUser(ctx, u, use); err != nil {
			return err
		}
		// A repeat gets the user that was created first, and a loginCode for that one.
		var keep *caches.Issue
		if token, keep, err = r.loginCode(g, user.ID); err != nil {
			return err
		}
		issue = *keep
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &elementv1.RegisterResponse{
		UserId:    user.ID,
		Nick:      user.Nick,
		LoginCode: r.tokens.LoginCode(token, m.codeID),
		Corps:     wireCorps(user.Corps),
	}, nil
}

// errRegistered returns the answer to a code that has registered a user, although
// nobody got the answer: the phone is in use now, and the code stays good for logging
// in. Any other used code is rejected.
func errRegistered(err error) error {
	var used usedError
	if errors.As(err, &used) && used.use.Kind == purposeRegister {
		return errPhoneInUse()
	}
	return rejectUsed(err)
}
