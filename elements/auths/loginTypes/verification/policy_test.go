package verification

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestPolicyOutOfBoundsIsRefused(t *testing.T) {
	for key, value := range map[string]any{
		"codeLength":       4,
		"codeTTL":          601,
		"resendInterval":   0,
		"maxAttempts":      0,
		"phoneHourlyLimit": 0,
		"phoneDailyLimit":  -1,
		"ipHourlyLimit":    1_000_001,
		"appHourlyLimit":   -1,
		"allowRegister":    2,
		"allowUnbindLast":  2,
		"captcha":          "sometimes",
		"corpFullName":     7, // of another type
	} {
		t.Run(key, func(t *testing.T) {
			w := newWorld(t)
			w.set(key, value)
			for range 2 { // the second time, it is known
				_, err := w.svc.Exchange(w.in(call()), &elementv1.ExchangeRequest{Identity: mobile, Code: "123456"})
				requireCode(t, errcode.Internal, err)
			}
		})
	}
}

func TestKeysThatATypeDoesntHaveAreTheDefaults(t *testing.T) {
	p, err := readPolicy([]byte(`{"smsFullName": "SMS.x", "codeLength": 8}`))
	require.NoError(t, err)
	want := defaultPolicy
	want.CodeLength = 8
	require.Equal(t, want, p)
}

func TestPolicyIsThatOfTheCallsConfiguration(t *testing.T) {
	var ps policies
	first := &element.Config{JSON: []byte(`{"codeLength": 7}`)}
	second := &element.Config{JSON: []byte(`{"codeLength": 8}`)}
	for _, step := range []struct {
		config *element.Config
		want   int
	}{{first, 7}, {second, 8}, {first, 7}, {nil, 6}, {second, 8}} {
		p, err := ps.of(element.Call{Element: login, Config: step.config})
		require.NoError(t, err)
		require.Equal(t, step.want, p.CodeLength)
	}
	p, err := ps.of(element.Call{Element: "another.login", Config: first})
	require.NoError(t, err)
	require.Equal(t, 7, p.CodeLength)
}

// Types that were built for v0.1.0 send a policy with each request.
func TestAPolicyInARequestIsIgnored(t *testing.T) {
	w := newWorld(t)
	w.sms = accepts
	_, err := w.svc.Send(w.in(call()), &elementv1.SendRequest{
		Reserve: &elementv1.ReserveRequest{
			Identity: mobile,
			Policy:   &elementv1.Policy{CodeLength: 10, ResendIntervalMs: 1}, //nolint:staticcheck // deprecated, that is the point
		},
		Element: "SMS.vendor", ArgsJson: []byte(`{}`),
	})
	require.NoError(t, err)
	_, err = w.reserve(call(), mobile, "")
	requireCode(t, codes.SendTooFrequent, err)
}
