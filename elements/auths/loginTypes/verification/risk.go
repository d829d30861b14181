package verification

import (
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// When CAPTCHA_MODE_RISK asks for a captcha: an address after its first sends in an
// hour, and everybody in a crowd of whose sends most are not verified.
const (
	addressSendsFree = 3
	crowdWindow      = 10 * time.Minute
	crowdSends       = 20
	crowdRipe        = 2 * time.Minute
)

const (
	// mostCrowds and longestCrowd bound what a Type may name.
	mostCrowds   = 4
	longestCrowd = 64
	// appCrowd is the crowd of all sends of the app. No Type can name it.
	appCrowd = ""
)

// demand says when a send without a captcha is refused.
func (o *operation) demand(p policy) caches.CaptchaCheck {
	switch p.captcha {
	case elementv1.CaptchaMode_CAPTCHA_MODE_ALWAYS:
		return caches.CaptchaCheck{Required: true}
	case elementv1.CaptchaMode_CAPTCHA_MODE_RISK:
	default:
		return caches.CaptchaCheck{}
	}
	address := o.call.Caller.Address
	if address == "" {
		return caches.CaptchaCheck{}
	}
	// The window is the one that the address's own limit is counted in.
	return caches.CaptchaCheck{RequiredWhenFull: []caches.SharedLimit{{
		Key: o.keys.address(address), Window: caches.Window{Max: addressSendsFree, Per: p.addressSends.Per},
	}}}
}

// crowds are those of a send whose captcha is asked for by risk.
func (o *operation) crowds(p policy, names []string) ([]caches.RiskGroup, error) {
	if len(names) > mostCrowds {
		return nil, errcode.New(errcode.Internal, "the login names too many crowds")
	}
	for _, name := range names {
		if name == "" || len(name) > longestCrowd {
			return nil, errcode.New(errcode.Internal, "the login names no crowd")
		}
	}
	if p.captcha != elementv1.CaptchaMode_CAPTCHA_MODE_RISK {
		return nil, nil
	}
	list := make([]caches.RiskGroup, 0, len(names)+1)
	for _, name := range append([]string{appCrowd}, names...) {
		list = append(list, caches.RiskGroup{
			Key: o.keys.crowd(name), Per: crowdWindow, MinSends: crowdSends, UnverifiedAfter: crowdRipe,
		})
	}
	return list, nil
}
