package verification

import (
	"context"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Reserve takes cooldown, captcha and limits and makes a pending code.
//
// An operation reserves once for an identity. When it comes again after the host
// was killed in it, nobody knows whether the vendor was asked: the answer is that
// of an unknown outcome, and nothing is sent.
func (s *Service) Reserve(ctx context.Context, r *elementv1.ReserveRequest) (*elementv1.ReserveResponse, error) {
	p, err := policyOf(r.GetPolicy())
	if err != nil {
		return nil, err
	}
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	scope, err := scopeOf(r.GetPurpose(), op.call.Caller)
	if err != nil {
		return nil, err
	}
	identity := r.GetIdentity()
	if err := checkIdentity(identity); err != nil {
		return nil, err
	}
	if ownIdentity(r.GetPurpose()) {
		user, err := op.current(ctx)
		if err != nil {
			return nil, err
		}
		if user.Phone != identity {
			return nil, errNotOwn(user.Phone)
		}
	}
	entry, err := op.testEntry(ctx, identity, r.GetTest())
	if err != nil {
		return nil, err
	}
	// Only where no new user can come must a send tell known identities from
	// unknown ones; then all are answered before anything is sent.
	answerFirst := scope.anonymous() && !p.allowRegister
	decoy := false
	if answerFirst {
		owner, err := op.owner(ctx, identity)
		if err != nil {
			return nil, err
		}
		decoy = owner == nil
	}
	bucket, err := op.device(ctx, identity)
	if err != nil {
		return nil, err
	}
	guesser := bucket
	if !scope.anonymous() {
		guesser = userBucket(scope.holder)
	}

	if err := s.pulse.check(ctx, op.dir); err != nil {
		return nil, errStore(err)
	}

	proof, reason, err := op.proof(ctx, p, r.GetCaptcha())
	if err != nil {
		return nil, err
	}
	crowds, err := op.crowds(p, r.GetCrowds())
	if err != nil {
		return nil, err
	}

	digits := randomDigits(p.length)
	if entry != nil {
		digits = entry.code
	}
	ask := caches.Reserve{
		Request: s.keys.request(op.id, "reserve", op.key(identity), scope.holder),
		Key:     op.key(identity),
		Holder:  scope.holder,
		Bucket:  bucket,
		Guesser: guesser,
		Code: caches.Code{
			ID:       randomID(),
			MAC:      s.keys.code(op.call.Element, identity, scope.holder, entry != nil, digits),
			Purposes: scope.purposes,
			Decoy:    decoy,
		},
		TTL:        p.ttl,
		Interval:   p.interval,
		Captcha:    proof,
		RiskGroups: crowds,
		Sends:      p.sends,
		Refusals:   refusals,
		Guesses:    wrongGuesses,
		Shared:     op.shared(p),
	}
	answer, err := op.store.Reserve(ctx, ask)
	if err != nil {
		return nil, errStore(err)
	}
	if answer.Outcome != caches.Reserved {
		return nil, errReserve(answer, reason)
	}
	deliver := entry == nil && !decoy
	if answer.CodeID != ask.Code.ID {
		// A code that was never to be sent by this answer leaves nothing unknown.
		if deliver && !answerFirst {
			return nil, errSent(p)
		}
		deliver = false
	}
	handle, err := s.sealReservation(op.call.Element, reservation{
		Request:     ask.Request,
		Key:         ask.Key,
		Holder:      ask.Holder,
		Bucket:      ask.Bucket,
		CodeID:      ask.Code.ID,
		Shared:      ask.Shared,
		AnswerFirst: answerFirst,
	})
	if err != nil {
		return nil, errStore(err)
	}
	reply := &elementv1.ReserveResponse{
		Reservation:   handle,
		AnswerFirst:   answerFirst,
		ResendAfterMs: p.interval.Milliseconds(),
		ExpiresInMs:   p.ttl.Milliseconds(),
	}
	if deliver {
		reply.Code, reply.Deliver = digits, true
	}
	return reply, nil
}

// shared are the limits over many identities: the caller's address, then the app.
func (o *operation) shared(p policy) []caches.SharedLimit {
	var limits []caches.SharedLimit
	if address := o.call.Caller.Address; address != "" {
		limits = append(limits, caches.SharedLimit{Key: o.keys.address(address), Window: p.addressSends})
	}
	if p.appSends.Max > 0 {
		limits = append(limits, caches.SharedLimit{Key: o.keys.app(), Window: p.appSends})
	}
	return limits
}
