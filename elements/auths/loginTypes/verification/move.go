package verification

import (
	"context"
	"errors"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Move gives the current user another identity in place of theirs. It claims the
// ticket, then the code, changes the database in one transaction with the ids of
// both, and ends both claims. What doesn't come about takes neither.
func (s *Service) Move(ctx context.Context, r *elementv1.MoveRequest) (*elementv1.MoveResponse, error) {
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
	if user.Phone == "" {
		return nil, errNotBound()
	}
	if err := checkIdentity(r.GetIdentity()); err != nil {
		return nil, err
	}
	if err := checkDigits(p, r.GetCode()); err != nil {
		return nil, err
	}
	notice, err := op.notice(r.GetNotice(), user.Phone)
	if err != nil {
		return nil, err
	}
	ticket, err := op.claimTicket(ctx, user, r.GetTicket())
	if errors.Is(err, errMoved) {
		return &elementv1.MoveResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	code, err := op.claimOwn(ctx, p, user, r.GetIdentity(), purposeUpdatePhone, r.GetCode(), r.GetTest())
	if err != nil {
		op.endTicket(ctx, ticket, caches.ReleaseToken)
		return nil, err
	}
	if err := op.move(ctx, user, r.GetIdentity(), code, ticket, notice); err != nil {
		return nil, err
	}
	if r.GetIdentity() != user.Phone {
		s.tell(ctx, op.dir, notice)
	}
	return &elementv1.MoveResponse{Previous: user.Phone}, nil
}

// claimedTicket is a ticket that stays with a request.
type claimedTicket struct {
	at      tokens.Ref
	request string
	id      string
}

// errMoved says that this very operation has moved the phone before, without the
// caller having learned so.
var errMoved = errors.New("the phone has been moved")

// claimTicket claims a ticket of this user, session and instance, made for the
// identity that the user still has.
func (o *operation) claimTicket(ctx context.Context, user databases.User, text string) (claimedTicket, error) {
	at, ok := tokens.Parse(text)
	if !ok {
		return claimedTicket{}, errTicket()
	}
	claimed := claimedTicket{at: at, request: o.keys.request(o.id, "ticket claim", at.Key, at.Hash)}
	if at.Key != o.key(user.Phone) {
		use, err := o.dir.CodeUse(ctx, o.ticketID(at))
		switch {
		case err == nil && use.Request == claimed.request && use.UserID == user.ID:
			return claimedTicket{}, errMoved
		case err == nil, errors.Is(err, databases.ErrNotFound):
			return claimedTicket{}, errTicket()
		default:
			return claimedTicket{}, errStore(err)
		}
	}
	answer, err := o.store.Token(ctx, caches.TokenRequest{
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
	switch answer.Outcome {
	case caches.TokenValid:
	case caches.TokenBusy:
		return claimedTicket{}, errBusy()
	default:
		return claimedTicket{}, errTicket()
	}
	ticket, err := o.box.OpenTicket(at, answer.Value)
	caller := o.call.Caller
	if err != nil || ticket.UserID != caller.UserID || ticket.SessionID != caller.SessionID || ticket.Instance != o.call.Element {
		o.endTicket(ctx, claimed, caches.ReleaseToken)
		return claimedTicket{}, errTicket()
	}
	claimed.id = ticket.ID
	return claimed, nil
}

// endTicket ends the claim of a ticket. One that can't be ended now runs out by
// itself; what the database says of the ticket counts then.
func (o *operation) endTicket(ctx context.Context, ticket claimedTicket, end caches.TokenEnd) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endBound)
	defer cancel()
	err := o.store.EndToken(ctx, caches.EndToken{
		Request: ticket.request,
		Key:     ticket.at.Key,
		Hash:    ticket.at.Hash,
		End:     end,
		Linger:  tokens.TicketTTL,
	})
	if err != nil {
		o.logger.Warn("a claim could not be ended and runs out by itself", "element", o.call.Element)
	}
}

// move makes the change that a claimed code and ticket pay for, and ends both
// claims by its outcome, as change does.
func (o *operation) move(ctx context.Context, user databases.User, identity string, code right, ticket claimedTicket, notice *databases.Notice) error {
	use := func(id, request string) databases.Use {
		return databases.Use{ID: id, Request: request, Kind: purposeUpdatePhone, UserID: user.ID}
	}
	err := databases.ErrPhoneInUse
	if identity != user.Phone {
		pays := use(code.codeID, code.request)
		pays.Notice = notice
		err = o.twice(ctx, func(ctx context.Context) error {
			return o.dir.MovePhone(ctx, user.ID, user.Phone, identity, o.call.Caller.SessionID,
				pays, use(ticket.id, ticket.request))
		})
	}
	switch {
	case err == nil:
		_ = o.endClaim(ctx, code, true, nil)
		o.endTicket(ctx, ticket, caches.UseToken)
		return nil
	case errors.Is(err, databases.ErrCodeUsed):
		return o.moveUsed(ctx, code, ticket)
	}
	if refusal := errRefused(err); refusal != nil {
		_ = o.endClaim(ctx, code, false, nil)
		o.endTicket(ctx, ticket, caches.ReleaseToken)
		return refusal
	}
	return errStore(err)
}

// moveUsed finds out which of the two had been used, and lets the other go.
func (o *operation) moveUsed(ctx context.Context, code right, ticket claimedTicket) error {
	usedBefore := func(id, request string) (bool, error) {
		use, err := o.dir.CodeUse(ctx, id)
		if errors.Is(err, databases.ErrNotFound) {
			return false, nil
		}
		return err == nil && use.Request != request, err
	}
	codeUsed, err := usedBefore(code.codeID, code.request)
	if err != nil {
		return errStore(err)
	}
	ticketUsed, err := usedBefore(ticket.id, ticket.request)
	if err != nil {
		return errStore(err)
	}
	_ = o.endClaim(ctx, code, codeUsed, nil)
	if ticketUsed {
		o.endTicket(ctx, ticket, caches.UseToken)
		return errTicket()
	}
	o.endTicket(ctx, ticket, caches.ReleaseToken)
	return errRejected()
}
