package verification

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/captcha"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// What no configuration changes.
const (
	// claimFor is how long a code or ticket belongs to the request that is making
	// a change with it.
	claimFor = 10 * time.Second
	// testSends is the number of sends of a test phone in an hour.
	testSends = 60
	// testGuesses is the number of wrong guesses after which a test phone's entry
	// is off.
	testGuesses = 20
)

var (
	// wrongGuesses bounds the wrong guesses of one budget over all codes of an identity.
	wrongGuesses = caches.Window{Max: 10, Per: time.Hour}
	// refusals bounds the sends of one budget that a vendor refused.
	refusals = caches.Window{Max: 10, Per: time.Hour}
)

// The values of the key captcha: when a send needs a captcha.
const (
	captchaOff    = "off"
	captchaRisk   = "risk"
	captchaAlways = "always"
)

// The values of the key captchaKind: the captcha that is offered.
const (
	captchaPow   = "pow"
	captchaImage = "image"
)

// policy is the part of an instance's configuration that the host enforces. Every
// login Type has these keys; a Type that doesn't declare one gets the default.
type policy struct {
	CodeLength       int    `json:"codeLength"`
	CodeTTL          int    `json:"codeTTL"`
	ResendInterval   int    `json:"resendInterval"`
	MaxAttempts      int    `json:"maxAttempts"`
	PhoneHourlyLimit int    `json:"phoneHourlyLimit"`
	PhoneDailyLimit  int    `json:"phoneDailyLimit"`
	IPHourlyLimit    int    `json:"ipHourlyLimit"`
	IPHourlyGuesses  int    `json:"ipHourlyGuesses"`
	AppHourlyLimit   int    `json:"appHourlyLimit"`
	AllowRegister    int    `json:"allowRegister"`
	AllowUnbindLast  int    `json:"allowUnbindLast"`
	Captcha          string `json:"captcha"`
	CaptchaKind      string `json:"captchaKind"`
	CorpFullName     string `json:"corpFullName"`
}

var defaultPolicy = policy{
	CodeLength:       6,
	CodeTTL:          300,
	ResendInterval:   45,
	MaxAttempts:      5,
	PhoneHourlyLimit: 5,
	PhoneDailyLimit:  10,
	IPHourlyLimit:    30,
	IPHourlyGuesses:  60,
	AllowRegister:    1,
	AllowUnbindLast:  1,
	Captcha:          captchaRisk,
	CaptchaKind:      captchaPow,
}

func (p policy) ttl() time.Duration      { return time.Duration(p.CodeTTL) * time.Second }
func (p policy) interval() time.Duration { return time.Duration(p.ResendInterval) * time.Second }
func (p policy) registers() bool         { return p.AllowRegister == 1 }

// accepts reports whether a send may bring a captcha of a kind. Where people are to
// read one, a computation doesn't do.
func (p policy) accepts(kind captcha.Kind) bool {
	return kind != captcha.Pow || p.CaptchaKind != captchaImage
}

func (p policy) addressLimit() caches.Window {
	return caches.Window{Max: p.IPHourlyLimit, Per: time.Hour}
}
func (p policy) addressGuesses() caches.Window {
	return caches.Window{Max: p.IPHourlyGuesses, Per: time.Hour}
}
func (p policy) appLimit() caches.Window { return caches.Window{Max: p.AppHourlyLimit, Per: time.Hour} }
func (p policy) identityLimits() []caches.Window {
	return []caches.Window{{Max: p.PhoneHourlyLimit, Per: time.Hour}, {Max: p.PhoneDailyLimit, Per: 24 * time.Hour}}
}

// readPolicy reads a configuration. The schema of PhoneType has the same bounds;
// they are checked here for Types with a schema of their own.
func readPolicy(config json.RawMessage) (policy, error) {
	p := defaultPolicy
	if err := json.Unmarshal(config, &p); err != nil {
		return policy{}, errcode.Wrap(err, errcode.Internal, "the login's configuration has a key of a wrong type")
	}
	for _, bound := range []struct {
		key             string
		value, min, max int
	}{
		{"codeLength", p.CodeLength, minCodeLength, maxCodeLength},
		{"codeTTL", p.CodeTTL, 1, 600},
		{"resendInterval", p.ResendInterval, 1, 86_400},
		{"maxAttempts", p.MaxAttempts, 1, 1000},
		{"phoneHourlyLimit", p.PhoneHourlyLimit, 1, 1_000_000},
		{"phoneDailyLimit", p.PhoneDailyLimit, 1, 1_000_000},
		{"ipHourlyLimit", p.IPHourlyLimit, 1, 1_000_000},
		{"ipHourlyGuesses", p.IPHourlyGuesses, 1, 1_000_000},
		{"appHourlyLimit", p.AppHourlyLimit, 0, 1_000_000},
		{"allowRegister", p.AllowRegister, 0, 1},
		{"allowUnbindLast", p.AllowUnbindLast, 0, 1},
	} {
		if bound.value < bound.min || bound.value > bound.max {
			return policy{}, errPolicy(bound.key)
		}
	}
	switch p.Captcha {
	case captchaOff, captchaRisk, captchaAlways:
	default:
		return policy{}, errPolicy("captcha")
	}
	switch p.CaptchaKind {
	case captchaPow, captchaImage:
		return p, nil
	}
	return policy{}, errPolicy("captchaKind")
}

func errPolicy(key string) error {
	return errcode.New(errcode.Internal, "the login's configuration is out of bounds: %s", key)
}

// policies keeps the policy of each instance until its configuration changes.
type policies struct {
	// dev means that no captcha is asked for, whatever a configuration says.
	dev bool

	mu    sync.Mutex
	known map[string]knownPolicy // by the instance's full name
}

type knownPolicy struct {
	config *element.Config
	policy policy
	err    error
}

// of returns the policy that a call is served with.
func (ps *policies) of(call element.Call) (policy, error) {
	if call.Config == nil {
		return ps.inDevelopment(defaultPolicy), nil
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	known, ok := ps.known[call.Element]
	if !ok || known.config != call.Config {
		known.config = call.Config
		known.policy, known.err = readPolicy(call.Config.JSON)
		if ps.known == nil {
			ps.known = make(map[string]knownPolicy)
		}
		ps.known[call.Element] = known
	}
	return ps.inDevelopment(known.policy), known.err
}

func (ps *policies) inDevelopment(p policy) policy {
	if ps.dev {
		p.Captcha = captchaOff
	}
	return p
}
