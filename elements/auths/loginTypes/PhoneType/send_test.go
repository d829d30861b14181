package phonetype_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
	"github.com/lintel-run/lintel/runtime/element"
)

// What each answer of the SMS element means for the caller, and what works
// afterwards: the new code, the code before it, another send.
func TestVendorOutcomes(t *testing.T) {
	fails := func(err error) func(context.Context, map[string]any) (any, error) {
		return func(context.Context, map[string]any) (any, error) { return nil, err }
	}
	answers := func(v any) func(context.Context, map[string]any) (any, error) {
		return func(context.Context, map[string]any) (any, error) { return v, nil }
	}
	const (
		undone  = "undone"
		paused  = "undone, and the cooldown stays"
		unknown = "unknown"
		sent    = "sent"
	)
	for name, tc := range map[string]struct {
		vendor func(context.Context, map[string]any) (any, error)
		want   errcode.Code
		state  string
	}{
		"accepted":             {func(_ context.Context, args map[string]any) (any, error) { return acceptedBy(args), nil }, "", sent},
		"refused":              {fails(errcode.New(smscode.Refused, "no").With("reason", "balance")), smscode.Refused, undone},
		"throttled":            {fails(errcode.New(smscode.Refused, "no").With("reason", "throttled").After(90 * time.Second)), codes.SendLimited, paused},
		"account throttled":    {fails(errcode.New(smscode.Refused, "no").With("reason", "throttled").With("scope", "account")), smscode.Refused, paused},
		"parameter is missing": {fails(errcode.New(smscode.Params, "no")), smscode.Params, undone},
		"element is down":      {fails(errcode.Unavailable(errcode.OutcomeNotExecuted, "down")), errcode.ElementUnavailable, undone},
		"element is gone":      {fails(errcode.New(errcode.ElementNotFound, "gone")), errcode.ElementUnavailable, undone},
		"failed":               {fails(errcode.New(smscode.Failed, "lost")), smscode.Failed, unknown},
		"killed in the middle": {fails(errcode.Unavailable(errcode.OutcomeUnknown, "killed")), smscode.Failed, unknown},
		"out of time":          {fails(errcode.New(errcode.DeadlineExceeded, "late")), smscode.Failed, unknown},
		"panic":                {fails(errcode.New(errcode.Internal, "panic")), smscode.Failed, unknown},
		"empty answer":         {answers(map[string]any{}), smscode.Failed, unknown},
		"nonsense":             {answers("yes"), smscode.Failed, unknown},
		"no result":            {answers(map[string]any{"results": []any{}}), smscode.Failed, unknown},
		"another status":       {answers(map[string]any{"results": []any{map[string]any{"status": "queued"}}}), smscode.Failed, unknown},
	} {
		for _, which := range []string{"new code", "old code", "another send"} {
			t.Run(name+"/"+which, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, plain)
					w.user(alice)
					time.Sleep(time.Minute)
					before := w.code("", alice, "")
					time.Sleep(time.Minute)
					w.vendors(tc.vendor)
					_, err := w.Call(by(""), "sendMessage", sdktest.Args{"phone": alice})
					if tc.want == "" {
						require.NoError(t, err)
					} else {
						e := requireCode(t, tc.want, err)
						if tc.state == unknown {
							require.Equal(t, map[string]any{"resendAfter": 45.0, "expiresIn": 300.0}, e.Details)
						}
						if name == "throttled" {
							require.Equal(t, 2*time.Minute, e.RetryAfter)
							require.Equal(t, 120.0, e.Details["retryAfter"])
						}
					}
					require.Len(t, w.sent(), 3, "one request to the vendor a reservation")
					fresh := w.last()
					w.vendors(nil)
					var works bool
					switch which {
					case "new code":
						works = tc.state != undone && tc.state != paused
						_, err = w.Call(by(""), "getLoginCode", sdktest.Args{"phone": alice, "code": fresh})
					case "old code":
						works = tc.state != sent
						_, err = w.Call(by(""), "getLoginCode", sdktest.Args{"phone": alice, "code": before})
					case "another send":
						works = tc.state == undone
						_, err = w.Call(by(""), "sendMessage", sdktest.Args{"phone": alice})
					}
					if works {
						require.NoError(t, err)
					} else {
						require.Error(t, err)
					}
				})
			})
		}
	}
}

func TestClosedLoginAnswersBeforeItSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newWorld(t, plain)
		open.user(alice)
		const config = `{"smsFullName": "SMS.outbox", "allowRegister": 0}`
		w := &world{t: t, config: &element.Config{JSON: []byte(config)}}
		w.Instance = sdktest.Open(t, phoneType, config, sdktest.Named(login), sdktest.WithHost(open.host))
		time.Sleep(time.Minute)
		var late time.Duration
		start := time.Now()
		open.vendors(func(context.Context, map[string]any) (any, error) {
			time.Sleep(3 * time.Second)
			late = time.Since(start)
			return nil, errcode.New(smscode.Refused, "no").With("reason", "number")
		})
		answers := map[string]any{}
		for _, phone := range []string{alice, bob} {
			out, err := w.Call(by(""), "sendMessage", sdktest.Args{"phone": phone})
			require.NoError(t, err)
			answers[phone] = out
			require.Zero(t, time.Since(start))
		}
		require.Equal(t, answers[alice], answers[bob])
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.GreaterOrEqual(t, late, 3*time.Second)
		require.Len(t, open.sent(), 2, "the register's, and one for the known phone")
		for _, phone := range []string{alice, bob} {
			_, err := w.Call(by(""), "sendMessage", sdktest.Args{"phone": phone})
			requireCode(t, codes.SendTooFrequent, err)
		}
		require.Contains(t, open.hostLog.String(), "138****8000")
		require.NotContains(t, open.hostLog.String()+w.Log(), alice)
	})
}

func TestTestPhoneGetsNoMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, `{"smsFullName": "SMS.outbox", "testPhones": {"13800138000": "000042"}}`)
		_, err := w.Call(by(""), "sendMessage", sdktest.Args{"phone": alice})
		require.NoError(t, err)
		require.Empty(t, w.sent())
		_, err = w.Call(by(""), "register", sdktest.Args{"phone": alice, "code": "000042", "nick": "Reviewer"})
		require.NoError(t, err)
	})
}

func TestOwnSMSConfigurationGoesWithTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, `{"smsFullName": "SMS.outbox", "codeTTL": 61,
			"smsConfig": {"verifyTemplateCode": "T", "verifySign": "S", "verifyParams": ["minutes", "code"]}}`)
		code := w.code("", alice, "")
		require.Equal(t, map[string]any{
			"phoneList": []any{"+86" + alice}, "verifyTemplateCode": "T", "verifySign": "S", "verifyParams": []any{"minutes", "code"},
			"params": map[string]any{"code": code, "minutes": "2", "product": "Test App"},
		}, w.sent()[0])
	})
}

func TestNothingThatIsLoggedOrAnsweredHoldsPhoneOrCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain)
		code := w.code("", alice, "")
		var answered string
		for _, call := range []struct {
			function string
			args     sdktest.Args
		}{
			{"sendMessage", sdktest.Args{"phone": alice}},
			{"getLoginCode", sdktest.Args{"phone": alice, "code": wrong(code)}},
			{"getLoginCode", sdktest.Args{"phone": alice, "code": code}},
		} {
			_, err := w.Call(by(""), call.function, call.args)
			require.Error(t, err)
			answered += err.Error()
		}
		for _, secret := range []string{alice, code} {
			require.NotContains(t, w.Log()+w.hostLog.String(), secret)
			require.NotContains(t, answered, secret)
		}
		require.Contains(t, w.hostLog.String(), "138****8000")
	})
}
