package verification

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// Account tells who the caller is and which identity they have.
func (s *Service) Account(ctx context.Context, _ *elementv1.AccountRequest) (*elementv1.AccountResponse, error) {
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	if op.call.Caller.UserID == "" {
		return &elementv1.AccountResponse{}, nil
	}
	user, err := op.current(ctx)
	if err != nil {
		return nil, err
	}
	return &elementv1.AccountResponse{UserId: user.ID, Identity: user.Phone}, nil
}

// Bind gives the current user an identity. That they have none is seen to before
// anything else.
func (s *Service) Bind(ctx context.Context, r *elementv1.BindRequest) (*elementv1.BindResponse, error) {
	p, err := policyOf(r.GetPolicy())
	if err != nil {
		return nil, err
	}
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	user, err := op.self(ctx, r.GetUserId())
	if err != nil {
		return nil, err
	}
	mark := op.mark(purposeBind, user.ID, r.GetIdentity())
	if user.Phone != "" {
		if done, err := op.made(ctx, mark); done || err != nil {
			return &elementv1.BindResponse{}, err
		}
		return nil, errRefused(databases.ErrAlreadyBound)
	}
	if err := checkIdentity(r.GetIdentity()); err != nil {
		return nil, err
	}
	code, err := op.claimOwn(ctx, p, user, r.GetIdentity(), purposeBind, r.GetCode(), r.GetTest())
	if err != nil {
		return nil, err
	}
	err = op.change(ctx, code, nil, func(ctx context.Context, use databases.Use) error {
		use.Kind, use.UserID, use.Mark = purposeBind, user.ID, mark
		return op.dir.BindPhone(ctx, user.ID, r.GetIdentity(), use)
	})
	if err != nil {
		return nil, err
	}
	return &elementv1.BindResponse{}, nil
}

// Unbind takes the current user's identity away. It is the user's only way in.
func (s *Service) Unbind(ctx context.Context, r *elementv1.UnbindRequest) (*elementv1.UnbindResponse, error) {
	p, err := policyOf(r.GetPolicy())
	if err != nil {
		return nil, err
	}
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	user, err := op.self(ctx, r.GetUserId())
	if err != nil {
		return nil, err
	}
	mark := op.mark(purposeUnbind, user.ID)
	if user.Phone == "" {
		if done, err := op.made(ctx, mark); done || err != nil {
			return &elementv1.UnbindResponse{}, err
		}
		return nil, errNotBound()
	}
	if !p.allowUnbindLast {
		return nil, errLastLogin()
	}
	code, err := op.claimOwn(ctx, p, user, user.Phone, purposeUnbind, r.GetCode(), r.GetTest())
	if err != nil {
		return nil, err
	}
	err = op.change(ctx, code, nil, func(ctx context.Context, use databases.Use) error {
		use.Kind, use.UserID, use.Mark = purposeUnbind, user.ID, mark
		return op.dir.UnbindPhone(ctx, user.ID, user.Phone, use)
	})
	if err != nil {
		return nil, err
	}
	return &elementv1.UnbindResponse{}, nil
}

// mark names a change that this operation makes. What the change leaves behind
// would make a repeat of it look like a mistake of the caller's.
func (o *operation) mark(purpose string, parts ...string) string {
	return o.keys.request(o.id, purpose+" made", parts...)
}

// made says whether this very operation has made the change before, without the
// caller having learned so.
func (o *operation) made(ctx context.Context, mark string) (bool, error) {
	_, err := o.dir.CodeUse(ctx, mark)
	if errors.Is(err, databases.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, errStore(err)
	}
	return true, nil
}

// IssueTicket takes a code of the current user's own identity for a ticket, in
// one step of the store.
func (s *Service) IssueTicket(ctx context.Context, r *elementv1.IssueTicketRequest) (*elementv1.IssueTicketResponse, error) {
	p, err := policyOf(r.GetPolicy())
	if err != nil {
		return nil, err
	}
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	user, err := op.current(ctx)
	if err != nil {
		return nil, err
	}
	if user.Phone == "" {
		return nil, errNotBound()
	}
	g, err := op.own(ctx, p, user, user.Phone, purposeCheckMyMessage, r.GetCode(), r.GetTest())
	if err != nil {
		return nil, err
	}
	op.resume(g)
	ticket, issue, err := op.ticket(g)
	if err != nil {
		return nil, err
	}
	g.then, g.issue = caches.Consume, issue
	if _, err := op.guess(ctx, g); err != nil {
		return nil, rejectUsed(err)
	}
	return &elementv1.IssueTicketResponse{Ticket: ticket}, nil
}

// own makes the guess of a user at a code that is theirs.
func (o *operation) own(ctx context.Context, p policy, user databases.User, identity, purpose, digits string, test *elementv1.TestEntry) (guess, error) {
	if err := checkDigits(p, digits); err != nil {
		return guess{}, err
	}
	g := guess{
		identity: identity,
		holder:   user.ID,
		purpose:  purpose,
		digits:   digits,
		attempts: p.attempts,
	}
	entry, err := o.testEntry(ctx, identity, test)
	if err != nil {
		return guess{}, err
	}
	if entry.opens(&user) {
		g.entry = entry
	}
	return g, nil
}

// claimOwn claims a code that is the user's.
func (o *operation) claimOwn(ctx context.Context, p policy, user databases.User, identity, purpose, digits string, test *elementv1.TestEntry) (right, error) {
	g, err := o.own(ctx, p, user, identity, purpose, digits, test)
	if err != nil {
		return right{}, err
	}
	g.then = caches.Claim
	code, err := o.guess(ctx, g)
	return code, rejectUsed(err)
}

func errLastLogin() error {
	return errcode.New(codes.LastLogin, "this is the only way to log in")
}
