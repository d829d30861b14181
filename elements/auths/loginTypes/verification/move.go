package verification

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Move replaces the signed-in user's identity by another one. It claims the ticket,
// then the code, changes the database in one transaction with the IDs of both, and
// ends both claims. If the change fails, ticket and code stay good.
func (s *Service) Move(ctx context.Context, in *elementv1.MoveRequest) (*elementv1.MoveResponse, error) {
	ctx, r, user, err := s.beginAs(ctx, in.GetUserId())
	if err != nil {
		return nil, err
	}
	defer r.end()
	if user.Phone == "" {
		return nil, errNotBound()
	}
	if err := checkIdentity(in.GetIdentity()); err != nil {
		return nil, err
	}
	if err := r.checkDigits(in.GetCode()); err != nil {
		return nil, err
	}
	notice, err := r.notice(in.GetNotice(), user.Phone)
	if err != nil {
		return nil, err
	}
	ticket, err := r.claimTicket(ctx, user, in.GetTicket())
	if errors.Is(err, errMoved) {
		return &elementv1.MoveResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := r.claimOwn(ctx, user, in.GetIdentity(), purposeUpdatePhone, in.GetCode(), in.GetTest())
	if err != nil {
		r.endTicket(ctx, ticket, false)
		return nil, err
	}
	if err := r.move(ctx, user, in.GetIdentity(), m, ticket, notice); err != nil {
		return nil, err
	}
	s.sendNotice(ctx, r.dir, notice)
	return &elementv1.MoveResponse{Previous: user.Phone}, nil
}

// claimedTicket is a ticket that a request has claimed.
type claimedTicket struct {
	at      tokens.Ref
	request string
	id      string
}

// errMoved reports that this very request has moved the phone before.
var errMoved = errors.New("the phone has been moved")

// claimTicket claims a ticket of this user, session and instance, issued for the
// identity that the user still has.
func (r *request) claimTicket(ctx context.Context, user databases.User, text string) (claimedTicket, error) {
	at, ok := tokens.Parse(text)
	if !ok {
		return claimedTicket{}, errTicket()
	}
	claimed := claimedTicket{at: at, request: r.keys.step(r.id, "ticket claim", at.Key, at.Hash)}
	if !r.isKeyOf(user.Phone, at.Key) {
		use, err := r.dir.CodeUse(ctx, r.ticketID(at))
		switch {
		case err == nil && use.Request == claimed.request && use.UserID == user.ID:
			return claimedTicket{}, errMoved
		case err == nil, errors.Is(err, databases.ErrNotFound):
			return claimedTicket{}, errTicket()
		default:
			return claimedTicket{}, errStore(err)
		}
	}
	result, err := r.store.Token(ctx, caches.TokenRequest{
		Request:  claimed.request,
		Key:      at.Key,
		Hash:     at.Hash,
		Then:     caches.Claim,
		ClaimFor: claimFor,
		Linger:   tokens.TicketTTL,
	})
	if err != nil {
		return claimedTicket{}, errStore(err)
	}
	switch result.Outcome {
	case caches.TokenValid:
	case caches.TokenBusy:
		return claimedTicket{}, errBusy()
	default:
		return claimedTicket{}, errTicket()
	}
	ticket, err := r.tokens.OpenTicket(at, result.Value)
	caller := r.call.Caller
	if err != nil || ticket.UserID != caller.UserID || ticket.SessionID != caller.SessionID || ticket.Instance != r.call.Element {
		r.endTicket(ctx, claimed, false)
		return claimedTicket{}, errTicket()
	}
	claimed.id = ticket.ID
	return claimed, nil
}

// isKeyOf reports whether a ticket of an identity lies under a key.
func (r *request) isKeyOf(identity, key string) bool {
	return key == r.keys.identity(identity) || key == r.keys.testIdentity(r.call.Element, identity) ||
		key == r.keys.formerIdentity(r.call.Element, identity)
}

// endTicket ends the claim of a ticket. If it fails, the claim expires by itself,
// and the database tells whether its ticket was used.
func (r *request) endTicket(ctx context.Context, ticket claimedTicket, used bool) {
	end := caches.ReleaseToken
	if used {
		end = caches.UseToken
	}
	_ = r.endWithin(ctx, func(ctx context.Context) error {
		return r.store.EndToken(ctx, caches.EndToken{
			Request: ticket.request, Key: ticket.at.Key, Hash: ticket.at.Hash, End: end, Linger: tokens.TicketTTL,
		})
	})
}

// move makes the change that a claimed code and ticket are used for, and ends both
// claims by the outcome, as change does.
func (r *request) move(ctx context.Context, user databases.User, identity string, m match, ticket claimedTicket, notice *databases.Notice) error {
	err := databases.ErrPhoneInUse
	if identity != user.Phone {
		code := databases.Use{ID: m.codeID, Request: m.request, Kind: purposeUpdatePhone, UserID: user.ID, Notice: notice}
		used := databases.Use{ID: ticket.id, Request: ticket.request, Kind: purposeUpdatePhone, UserID: user.ID}
		err = r.dir.MovePhone(ctx, user.ID, user.Phone, identity, r.call.Caller.SessionID, code, used)
	}
	switch {
	case err == nil:
		_ = r.endClaim(ctx, m, true, nil)
		r.endTicket(ctx, ticket, true)
		return nil
	case errors.Is(err, databases.ErrCodeUsed):
		return r.errUsed(ctx, m, ticket)
	}
	if answer := errNotMade(err); answer != nil {
		_ = r.endClaim(ctx, m, false, nil)
		r.endTicket(ctx, ticket, false)
		return answer
	}
	return errStore(err)
}

// errUsed returns the answer if the code or the ticket was used before, and
// releases the other one.
func (r *request) errUsed(ctx context.Context, m match, ticket claimedTicket) error {
	usedBefore := func(id, request string) (bool, error) {
		use, err := r.dir.CodeUse(ctx, id)
		if errors.Is(err, databases.ErrNotFound) {
			return false, nil
		}
		return err == nil && use.Request != request, err
	}
	codeUsed, err := usedBefore(m.codeID, m.request)
	if err != nil {
		return errStore(err)
	}
	ticketUsed, err := usedBefore(ticket.id, ticket.request)
	if err != nil {
		return errStore(err)
	}
	_ = r.endClaim(ctx, m, codeUsed, nil)
	r.endTicket(ctx, ticket, ticketUsed)
	if ticketUsed {
		return errTicket()
	}
	return errRejected()
}
