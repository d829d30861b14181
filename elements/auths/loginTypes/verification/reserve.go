package verification

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// reservation is a send that the cache has admitted. Its code is pending until the
// reservation is committed or rolled back.
type reservation struct {
	caches.Reservation
	// unpaid are the shared limits that get a send back which a vendor refused.
	unpaid   []caches.SharedLimit
	identity string
	digits   string
	// deliver is set if a message is to be sent: not for a test phone, for a decoy,
	// or again.
	deliver bool
	// repeated is set if an earlier attempt of the request made the reservation.
	repeated bool
}

// reserve takes cooldown, captcha and limits, and makes a pending code. uniform is
// set if all identities must be answered alike: an unknown one gets a decoy.
//
// A request reserves once for an identity. If it repeats after the host was killed
// in it, nobody knows whether the vendor was called: the answer is that of an
// unknown outcome, and nothing is sent.
func (r *request) reserve(ctx context.Context, in *elementv1.ReserveRequest, scope scope, uniform bool) (*reservation, error) {
	identity := in.GetIdentity()
	if err := r.checkAddressee(ctx, identity, in.GetPurpose()); err != nil {
		return nil, err
	}
	entry, err := r.testEntry(ctx, identity, in.GetTest())
	if err != nil {
		return nil, err
	}
	decoy := false
	if uniform {
		owner, err := r.owner(ctx, identity)
		if err != nil {
			return nil, err
		}
		decoy = owner == nil
	}
	budget, err := r.budget(ctx, identity)
	if err != nil {
		return nil, err
	}
	if _, err := r.probe.Get(ctx, r.dir); err != nil {
		return nil, errStore(err)
	}
	captcha, reason, err := r.checkCaptcha(ctx, in.GetCaptcha())
	if err != nil {
		return nil, err
	}
	groups, err := r.riskGroups(in.GetCrowds())
	if err != nil {
		return nil, err
	}

	digits := randomDigits(r.policy.CodeLength)
	if entry != nil {
		digits, decoy = entry.code, decoy || entry.off
	}
	key, holder := r.key(identity, entry), r.holder(scope.holder)
	step := caches.Reserve{
		Request: r.keys.step(r.id, "reserve", key, holder),
		Key:     key,
		Holder:  holder,
		Budget:  budget,
		Code: caches.Code{
			ID:       randomID(),
			MAC:      r.keys.code(r.call.Element, identity, scope.holder, entry != nil, digits),
			Length:   len(digits),
			Purposes: scope.purposes,
			Decoy:    decoy,
		},
		TTL:        r.policy.ttl(),
		Interval:   r.policy.interval(),
		Captcha:    captcha,
		RiskGroups: groups,
		Sends:      r.policy.identityLimits(),
		Refusals:   refusals,
		Guesses:    wrongGuesses,
		Shared:     slices.Concat(r.addressLimit(), r.appLimit()),
	}
	if entry != nil {
		// No message costs anything, so only the test phone's own limit counts.
		step.Budget, step.Interval = strangersBudget, 0
		step.Sends, step.Guesses = []caches.Window{{Max: testSends, Per: time.Hour}}, caches.Window{}
		step.Shared, step.RiskGroups = nil, nil
	}
	result, err := r.store.Reserve(ctx, step)
	if err != nil {
		return nil, errStore(err)
	}
	if result.Outcome != caches.Reserved {
		return nil, errReserve(result, reason)
	}
	reserved := &reservation{
		Reservation: caches.Reservation{
			Request: step.Request, Key: step.Key, Holder: step.Holder, Budget: step.Budget, CodeID: step.Code.ID, Shared: step.Shared,
		},
		unpaid:   r.appLimit(),
		identity: identity,
		digits:   digits,
		deliver:  entry == nil && !decoy,
		repeated: result.CodeID != step.Code.ID,
	}
	if reserved.repeated && reserved.deliver && !uniform {
		return nil, errSendUnknown(r.policy)
	}
	return reserved, nil
}

// checkAddressee refuses an identity that codes of the purpose aren't sent to.
func (r *request) checkAddressee(ctx context.Context, identity, purpose string) error {
	if err := checkIdentity(identity); err != nil {
		return err
	}
	if !needsOwnIdentity(purpose) {
		return nil
	}
	user, err := r.currentUser(ctx)
	switch {
	case err != nil:
		return err
	case user.Phone == "":
		return errNotBound()
	case user.Phone != identity:
		return errcode.New(errcode.Forbidden, "the phone is not yours")
	}
	return nil
}

// addressLimit returns the limit of the caller's address, if there is an address.
func (r *request) addressLimit() []caches.SharedLimit {
	address := r.call.Caller.Address
	if address == "" {
		return nil
	}
	return []caches.SharedLimit{{Key: r.keys.address(address), Window: r.policy.addressLimit()}}
}

// appLimit returns the limit of the app, if there is one.
func (r *request) appLimit() []caches.SharedLimit {
	if r.policy.AppHourlyLimit == 0 {
		return nil
	}
	return []caches.SharedLimit{{Key: r.keys.app(), Window: r.policy.appLimit()}}
}
