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

// Account returns the signed-in user and their identity.
func (s *Service) Account(ctx context.Context, _ *elementv1.AccountRequest) (*elementv1.AccountResponse, error) {
	ctx, r, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer r.end()
	if r.call.Caller.UserID == "" {
		return &elementv1.AccountResponse{}, nil
	}
	user, err := r.currentUser(ctx)
	if err != nil {
		return nil, err
	}
	return &elementv1.AccountResponse{UserId: user.ID, Identity: user.Phone}, nil
}

// Bind binds an identity to the signed-in user. A user who has one is refused before
// anything else.
func (s *Service) Bind(ctx context.Context, in *elementv1.BindRequest) (*elementv1.BindResponse, error) {
	ctx, r, user, err := s.beginAs(ctx, in.GetUserId())
	if err != nil {
		return nil, err
	}
	defer r.end()
	mark := r.changeMark(purposeBind, user.ID, in.GetIdentity())
	if user.Phone != "" {
		return &elementv1.BindResponse{}, r.unlessMade(ctx, mark, errChange(databases.ErrAlreadyBound))
	}
	if err := checkIdentity(in.GetIdentity()); err != nil {
		return nil, err
	}
	m, err := r.claimOwn(ctx, user, in.GetIdentity(), purposeBind, in.GetCode(), in.GetTest())
	if err != nil {
		return nil, err
	}
	err = r.change(ctx, m, nil, func(use databases.Use) error {
		use.Kind, use.UserID, use.Mark = purposeBind, user.ID, mark
		return r.dir.BindPhone(ctx, user.ID, in.GetIdentity(), use)
	})
	return &elementv1.BindResponse{}, err
}

// Unbind takes the signed-in user's identity away. It is the user's only way to log
// in.
func (s *Service) Unbind(ctx context.Context, in *elementv1.UnbindRequest) (*elementv1.UnbindResponse, error) {
	ctx, r, user, err := s.beginAs(ctx, in.GetUserId())
	if err != nil {
		return nil, err
	}
	defer r.end()
	mark := r.changeMark(purposeUnbind, user.ID)
	if user.Phone == "" {
		return &elementv1.UnbindResponse{}, r.unlessMade(ctx, mark, errNotBound())
	}
	if r.policy.AllowUnbindLast == 0 {
		return nil, errcode.New(codes.LastLogin, "this is the only way to log in")
	}
	m, err := r.claimOwn(ctx, user, user.Phone, purposeUnbind, in.GetCode(), in.GetTest())
	if err != nil {
		return nil, err
	}
	err = r.change(ctx, m, nil, func(use databases.Use) error {
		use.Kind, use.UserID, use.Mark = purposeUnbind, user.ID, mark
		return r.dir.UnbindPhone(ctx, user.ID, user.Phone, use)
	})
	return &elementv1.UnbindResponse{}, err
}

// changeMark returns the ID under which the database records a change of this
// request. A repeat finds it, and so isn't refused because of what the change has
// left behind.
func (r *request) changeMark(purpose string, parts ...string) string {
	return r.keys.step(r.id, purpose+" made", parts...)
}

// unlessMade returns refusal, or nil if this very request has made the change
// before.
func (r *request) unlessMade(ctx context.Context, mark string, refusal error) error {
	_, err := r.dir.CodeUse(ctx, mark)
	switch {
	case errors.Is(err, databases.ErrNotFound):
		return refusal
	case err != nil:
		return errStore(err)
	}
	return nil
}

// IssueTicket exchanges a code of the signed-in user's own identity for a ticket,
// in one step of the cache.
func (s *Service) IssueTicket(ctx context.Context, in *elementv1.IssueTicketRequest) (*elementv1.IssueTicketResponse, error) {
	ctx, r, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer r.end()
	user, err := r.currentUser(ctx)
	if err != nil {
		return nil, err
	}
	if user.Phone == "" {
		return nil, errNotBound()
	}
	g, err := r.ownGuess(ctx, user, user.Phone, purposeCheckMyMessage, in.GetCode(), in.GetTest())
	if err != nil {
		return nil, err
	}
	ticket, issue, err := r.ticket(g)
	if err != nil {
		return nil, err
	}
	g.then, g.issue = caches.Consume, issue
	if _, err := r.compare(ctx, g); err != nil {
		return nil, rejectUsed(err)
	}
	return &elementv1.IssueTicketResponse{Ticket: ticket}, nil
}

// ownGuess returns the guess of a user at a code that they hold.
func (r *request) ownGuess(ctx context.Context, user databases.User, identity, purpose, digits string, test *elementv1.TestEntry) (guess, error) {
	if err := r.checkDigits(digits); err != nil {
		return guess{}, err
	}
	entry, err := r.testEntry(ctx, identity, test)
	return guess{identity: identity, holder: user.ID, purpose: purpose, digits: digits, entry: entry.forUser(&user)}, err
}

// claimOwn claims a code that the user holds.
func (r *request) claimOwn(ctx context.Context, user databases.User, identity, purpose, digits string, test *elementv1.TestEntry) (match, error) {
	g, err := r.ownGuess(ctx, user, identity, purpose, digits, test)
	if err != nil {
		return match{}, err
	}
	g.then = caches.Claim
	m, err := r.compare(ctx, g)
	return m, rejectUsed(err)
}
