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

// Register claims the code, makes the user in one transaction with the code's id,
// and issues a loginCode as the claim ends.
func (s *Service) Register(ctx context.Context, r *elementv1.RegisterRequest) (*elementv1.RegisterResponse, error) {
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
	g := guess{
		identity: r.GetIdentity(),
		purpose:  purposeRegister,
		digits:   r.GetCode(),
		attempts: p.attempts,
	}
	if err := op.enter(ctx, &g, r.GetTest()); err != nil {
		return nil, err
	}
	if !p.allowRegister {
		if _, err := op.guess(ctx, g); err != nil {
			return nil, rejectUsed(err)
		}
		return nil, errcode.New(codes.RegistrationClosed, "no new users are taken")
	}
	corp, err := op.joins(ctx, p.corp)
	if err != nil {
		return nil, err
	}
	g.then = caches.Claim
	code, err := op.guess(ctx, g)
	if err != nil {
		return nil, alreadyMade(err)
	}
	return op.register(ctx, g, code, databases.NewUser{
		Nick:   r.GetNick(),
		Phone:  g.identity,
		Test:   g.entry != nil,
		CorpID: corp,
	})
}

// register makes the user that a claimed code pays for.
func (o *operation) register(ctx context.Context, g guess, code right, u databases.NewUser) (*elementv1.RegisterResponse, error) {
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
	err = o.change(ctx, code, &issue, func(ctx context.Context, use databases.Use) error {
		use.Kind, use.UserID = purposeRegister, u.ID
		made, err := o.dir.CreateUser(ctx, u, use)
		if err != nil {
			return err
		}
		// A repeat gets the user that was made first: the token is that one's.
		kept, keep, err := o.loginCode(g, made.ID)
		if err != nil {
			return err
		}
		user, token, issue = made, kept, *keep
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &elementv1.RegisterResponse{
		UserId:    user.ID,
		Nick:      user.Nick,
		LoginCode: o.box.LoginCode(token, code.codeID),
		Corps:     wireCorps(user.Corps),
	}, nil
}

// enter lets a guess be one for a test phone's entry where it may.
func (o *operation) enter(ctx context.Context, g *guess, test *elementv1.TestEntry) error {
	entry, err := o.testEntry(ctx, g.identity, test)
	if err != nil || entry == nil {
		return err
	}
	user, err := o.owner(ctx, g.identity)
	if err != nil {
		return err
	}
	if entry.opens(user) {
		g.entry = entry
	}
	return nil
}

// alreadyMade gives the answer to a right code that has made a user, without the
// caller having learned so: the phone is in use now, and the code stays usable for
// logging in. For any other use of the code it is a used one.
func alreadyMade(err error) error {
	var used usedError
	if errors.As(err, &used) && used.use.Kind == purposeRegister {
		return errPhoneInUse()
	}
	return rejectUsed(err)
}
