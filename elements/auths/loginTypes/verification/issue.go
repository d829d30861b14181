package verification

import (
	"context"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// token returns a token of the request, the same for each repeat.
func (r *request) token(kind string, g guess, userID string) (string, tokens.Ref, error) {
	key := r.key(g.identity, g.entry)
	token := tokens.New(key, r.keys.token(kind, r.id, key, userID, g.digits))
	at, ok := tokens.Parse(token)
	if !ok {
		return "", at, errcode.New(errcode.Internal, "an internal error")
	}
	return token, at, nil
}

// loginCode returns the token of a loginCode, and what the cache keeps of it.
// Together with the ID of the code that it is issued for, the token becomes a
// loginCode.
func (r *request) loginCode(g guess, userID string) (string, *caches.Issue, error) {
	token, at, err := r.token("loginCode", g, userID)
	if err != nil {
		return "", nil, err
	}
	value, err := r.tokens.SealLoginCode(at, tokens.LoginCode{
		UserID:   userID,
		Phone:    g.identity,
		Instance: r.call.Element,
		Test:     g.entry != nil,
	})
	if err != nil {
		return "", nil, errStore(err)
	}
	return token, &caches.Issue{Hash: at.Hash, Value: value, TTL: tokens.LoginCodeTTL}, nil
}

// ticket returns a ticket of the current user and session, and what the cache keeps
// of it.
func (r *request) ticket(g guess) (string, *caches.Issue, error) {
	caller := r.call.Caller
	ticket, at, err := r.token("ticket", g, caller.UserID)
	if err != nil {
		return "", nil, err
	}
	value, err := r.tokens.SealTicket(at, tokens.Ticket{
		ID:        r.ticketID(at),
		UserID:    caller.UserID,
		SessionID: caller.SessionID,
		Instance:  r.call.Element,
	})
	if err != nil {
		return "", nil, errStore(err)
	}
	return ticket, &caches.Issue{Hash: at.Hash, Value: value, TTL: tokens.TicketTTL}, nil
}

// ticketID returns the ID under which the database knows a ticket.
func (r *request) ticketID(at tokens.Ref) string { return r.keys.short("ticket", at.Hash) }

// nobody stands in for the user of an identity that has none.
const nobody = "00000000-0000-0000-0000-000000000000"

// exchange compares a guess and, in the same step, exchanges a right code for a
// loginCode of the user. Without a user it does as much work, so that nobody can tell by
// the time, and leaves a right code as it is.
func (r *request) exchange(ctx context.Context, g guess, user *databases.User) (string, error) {
	userID := nobody
	if user != nil {
		userID, g.userID, g.then = user.ID, user.ID, caches.Consume
	}
	token, issue, err := r.loginCode(g, userID)
	if err != nil {
		return "", err
	}
	g.issue = issue
	m, err := r.compare(ctx, g)
	if err != nil {
		return "", err
	}
	return r.tokens.LoginCode(token, m.codeID), nil
}
