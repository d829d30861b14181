package verification

import (
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// What no configuration changes.
const (
	// claimFor is how long a code or ticket stays with the request that is making
	// a change with it.
	claimFor = 10 * time.Second
	// testGuesses is after how many wrong guesses a test phone's entry is off.
	testGuesses = 20
)

var (
	// wrongGuesses bounds the wrong guesses on one identity over all its codes.
	wrongGuesses = caches.Window{Max: 10, Per: time.Hour}
	// refusals bounds the sends of one identity that a vendor refused.
	refusals = caches.Window{Max: 10, Per: time.Hour}
)

// policy is an instance's rules, within the contract's bounds.
type policy struct {
	length          int
	ttl             time.Duration
	interval        time.Duration
	attempts        int
	sends           []caches.Window
	addressSends    caches.Window
	appSends        caches.Window
	allowRegister   bool
	allowUnbindLast bool
	corp            string
	captcha         elementv1.CaptchaMode
}

// policyOf reads a Type's policy. One outside the bounds is the Type's fault.
func policyOf(p *elementv1.Policy) (policy, error) {
	for _, bound := range []struct {
		name             string
		value, min, most int64
	}{
		{"code_length", int64(p.GetCodeLength()), 6, 10},
		{"code_ttl_ms", p.GetCodeTtlMs(), 1000, 600_000},
		{"resend_interval_ms", p.GetResendIntervalMs(), 1000, 86_400_000},
		{"max_attempts", int64(p.GetMaxAttempts()), 1, 1000},
		{"phone_hourly_limit", int64(p.GetPhoneHourlyLimit()), 1, 1 << 30},
		{"phone_daily_limit", int64(p.GetPhoneDailyLimit()), 1, 1 << 30},
		{"ip_hourly_limit", int64(p.GetIpHourlyLimit()), 1, 1 << 30},
		{"app_hourly_limit", int64(p.GetAppHourlyLimit()), 0, 1 << 30},
	} {
		if bound.value < bound.min || bound.value > bound.most {
			return policy{}, errcode.New(errcode.Internal, "the login's policy is out of bounds: %s", bound.name)
		}
	}
	if p.GetCaptcha() > elementv1.CaptchaMode_CAPTCHA_MODE_ALWAYS {
		return policy{}, errcode.New(errcode.Internal, "the login's policy is out of bounds: captcha")
	}
	return policy{
		length:   int(p.GetCodeLength()),
		ttl:      time.Duration(p.GetCodeTtlMs()) * time.Millisecond,
		interval: time.Duration(p.GetResendIntervalMs()) * time.Millisecond,
		attempts: int(p.GetMaxAttempts()),
		sends: []caches.Window{
			{Max: int(p.GetPhoneHourlyLimit()), Per: time.Hour},
			{Max: int(p.GetPhoneDailyLimit()), Per: 24 * time.Hour},
		},
		addressSends:    caches.Window{Max: int(p.GetIpHourlyLimit()), Per: time.Hour},
		appSends:        caches.Window{Max: int(p.GetAppHourlyLimit()), Per: time.Hour},
		allowRegister:   p.GetAllowRegister(),
		allowUnbindLast: p.GetAllowUnbindLast(),
		corp:            p.GetCorp(),
		captcha:         p.GetCaptcha(),
	}, nil
}
