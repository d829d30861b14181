package verification

import (
	"context"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// reservation is a send that the cache has admitted. Its code is pending until the
// reservation is committed or rolled back.
type reservation struct {
	caches.Reservation
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
	bucket, err := r.deviceBucket(ctx, identity)
	if err != nil {
		return nil, err
	}
	guesser := bucket
	if !scope.anonymous() {
		guesser = userBucket(scope.holder)
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
	step := caches.Reserve{
		Request: r.keys.step(r.id, "reserve", r.key(identity), scope.holder),
		Key:     r.key(identity),
		Holder:  scope.holder,
		Bucket:  bucket,
		Guesser: guesser,
		Code: caches.Code{
			ID:       randomID(),
			MAC:      r.keys.code(r.call.Element, identity, scope.holder, entry != nil, digits),
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
		Shared:     r.sharedLimits(),
	}
	if entry != nil {
		// No message costs anything, so only the test phone's own limit counts.
		step.Bucket, step.Interval = testBucket, 0
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
			Request: step.Request, Key: step.Key, Holder: step.Holder, Bucket: step.Bucket, CodeID: step.Code.ID, Shared: step.Shared,
		},
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

// sharedLimits returns the limits over many identities: the caller's address's,
// then the app's.
func (r *request) sharedLimits() []caches.SharedLimit {
	var limits []caches.SharedLimit
	if address := r.call.Caller.Address; address != "" {
		limits = append(limits, caches.SharedLimit{Key: r.keys.address(address), Window: r.policy.addressLimit()})
	}
	if limit := r.policy.appLimit(); limit.Max > 0 {
		limits = append(limits, caches.SharedLimit{Key: r.keys.app(), Window: limit})
	}
	return limits
}
