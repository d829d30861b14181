package verification

import (
	"context"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// token makes a token of an operation: the same again for a repeat of it.
func (o *operation) token(kind, identity, userID, digits string) (string, tokens.Ref, error) {
	key := o.key(identity)
	token := tokens.New(key, o.keys.token(kind, o.id, key, userID, digits))
	at, ok := tokens.Parse(token)
	if !ok {
		return "", at, errcode.New(errcode.Internal, "an internal error")
	}
	return token, at, nil
}

// loginCode makes the token of a loginCode and what the store keeps of it. With
// the id of the code that paid for it, the token becomes a loginCode.
func (o *operation) loginCode(g guess, userID string) (string, *caches.Issue, error) {
	token, at, err := o.token("loginCode", g.identity, userID, g.digits)
	if err != nil {
		return "", nil, err
	}
	value, err := o.box.SealLoginCode(at, tokens.LoginCode{
		UserID:   userID,
		Phone:    g.identity,
		Instance: o.call.Element,
		Test:     g.entry != nil,
	})
	if err != nil {
		return "", nil, errStore(err)
	}
	return token, &caches.Issue{Hash: at.Hash, Value: value, TTL: tokens.LoginCodeTTL}, nil
}

// ticket makes a ticket of the current user and session.
func (o *operation) ticket(g guess) (string, *caches.Issue, error) {
	caller := o.call.Caller
	ticket, at, err := o.token("ticket", g.identity, caller.UserID, g.digits)
	if err != nil {
		return "", nil, err
	}
	value, err := o.box.SealTicket(at, tokens.Ticket{
		ID:        o.ticketID(at),
		UserID:    caller.UserID,
		SessionID: caller.SessionID,
		Instance:  o.call.Element,
	})
	if err != nil {
		return "", nil, errStore(err)
	}
	return ticket, &caches.Issue{Hash: at.Hash, Value: value, TTL: tokens.TicketTTL}, nil
}

// ticketID names a ticket to the database.
func (o *operation) ticketID(at tokens.Ref) string { return o.keys.short("ticket", at.Hash) }

// take compares and, in the same step, takes a right code for a loginCode.
func (o *operation) take(ctx context.Context, g guess, userID string) (string, error) {
	o.resume(g)
	token, issue, err := o.loginCode(g, userID)
	if err != nil {
		return "", err
	}
	g.then, g.issue = caches.Consume, issue
	code, err := o.guess(ctx, g)
	if err != nil {
		return "", err
	}
	return o.box.LoginCode(token, code.codeID), nil
}
