package verification

import (
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// With captcha "risk", a captcha is required from an address after its first sends
// in an hour, and from everybody in a risk group most of whose sends are unverified.
const (
	addressSendsFree     = 3
	groupWindow          = 10 * time.Minute
	groupMinSends        = 20
	groupUnverifiedAfter = 2 * time.Minute

	maxGroups    = 4
	maxGroupName = 64
	// appGroup is the risk group of all sends of the app. No Type can name it.
	appGroup = ""
)

// requiredCaptcha returns when a send without a captcha is refused.
func (r *request) requiredCaptcha() caches.CaptchaCheck {
	address := r.call.Caller.Address
	switch {
	case r.policy.Captcha == captchaAlways:
		return caches.CaptchaCheck{Required: true}
	case r.policy.Captcha == captchaOff || address == "":
		return caches.CaptchaCheck{}
	}
	// The window is the one in which the address's own limit is counted.
	return caches.CaptchaCheck{RequiredWhenFull: []caches.SharedLimit{{
		Key: r.keys.address(address), Window: caches.Window{Max: addressSendsFree, Per: r.policy.addressLimit().Per},
	}}}
}

// riskGroups returns the risk groups of a send: the app's, and those that the Type
// names.
func (r *request) riskGroups(names []string) ([]caches.RiskGroup, error) {
	if len(names) > maxGroups {
		return nil, errcode.New(errcode.Internal, "the login names too many risk groups")
	}
	for _, name := range names {
		if name == appGroup || len(name) > maxGroupName {
			return nil, errcode.New(errcode.Internal, "the login names a risk group without a name, or with a long one")
		}
	}
	if r.policy.Captcha != captchaRisk {
		return nil, nil
	}
	groups := make([]caches.RiskGroup, 0, len(names)+1)
	for _, name := range append([]string{appGroup}, names...) {
		groups = append(groups, caches.RiskGroup{
			Key: r.keys.riskGroup(name), Per: groupWindow, MinSends: groupMinSends, UnverifiedAfter: groupUnverifiedAfter,
		})
	}
	return groups, nil
}
