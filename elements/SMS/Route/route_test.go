package route_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	route "github.com/lintel-run/lintel/elements/SMS/Route"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const phone = "+8613800138000"

// vendors are stand-ins for the SMS elements of a route.
type vendors struct {
	mu    sync.Mutex
	calls map[string][]map[string]any
	says  map[string]func() error // nil: accepts
}

func (v *vendors) host() *sdktest.Host {
	v.calls = make(map[string][]map[string]any)
	return &sdktest.Host{OnCall: func(_ context.Context, element, function string, args map[string]any) (any, error) {
		v.mu.Lock()
		v.calls[element] = append(v.calls[element], args)
		says := v.says[element]
		v.mu.Unlock()
		if function != "sendMessage" {
			return nil, errcode.New(errcode.FunctionNotFound, "no function")
		}
		if says != nil {
			if err := says(); err != nil {
				return nil, err
			}
		}
		to := args["phoneList"].([]any)[0]
		return map[string]any{"vendor": "V" + element, "requestId": "r-" + element,
			"results": []any{map[string]any{"phone": to, "messageId": "m-" + element, "status": "accepted"}}}, nil
	}}
}

func (v *vendors) says1(element string, say func() error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.says[element] = say
}

func (v *vendors) count(element string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.calls[element])
}

func refuses(reason smscode.Reason) func() error {
	return func() error {
		return errcode.New(smscode.Refused, "the message was refused").With("reason", string(reason))
	}
}

func unknown() error {
	return errcode.New(smscode.Failed, "not known").With("outcome", "unknown")
}

func open(t *testing.T, v *vendors, config string) *sdktest.Instance {
	if v.says == nil {
		v.says = map[string]func() error{}
	}
	return sdktest.Open(t, route.Type(), config, sdktest.WithHost(v.host()), sdktest.Named("SMS.route"))
}

func send(e *sdktest.Instance, phones ...string) (route.SendResult, error) {
	if len(phones) == 0 {
		phones = []string{phone}
	}
	var got route.SendResult
	err := e.CallInto(context.Background(), "sendMessage", sdktest.Args{"phoneList": phones, "params": map[string]any{"code": "493027", "minutes": 5}}, &got)
	return got, err
}

const both = `{"routes":[{"use":["a","b"]}]}`

func TestTheFirstElementTakesIt(t *testing.T) {
	v := &vendors{}
	e := open(t, v, both)
	got, err := send(e)
	require.NoError(t, err)
	require.Equal(t, route.SendResult{Vendor: "Va", Element: "a", RequestID: "r-a", Results: []route.PhoneResult{{
		PhoneResult: delivery.PhoneResult{Phone: phone, MessageID: "m-a", Status: "accepted"}, Vendor: "Va", Element: "a",
	}}}, got)
	require.Zero(t, v.count("b"))
	require.NotContains(t, e.Log(), "13800138000")
	require.NotContains(t, e.Log(), "493027")
}

func TestWhatFailsOver(t *testing.T) {
	for name, tt := range map[string]struct {
		say  func() error
		over bool
	}{
		"auth":        {refuses(smscode.Auth), true},
		"signature":   {refuses(smscode.Signature), true},
		"template":    {refuses(smscode.Template), true},
		"content":     {refuses(smscode.Content), true},
		"balance":     {refuses(smscode.Balance), true},
		"region":      {refuses(smscode.Region), true},
		"throttled":   {refuses(smscode.Throttled), true},
		"unavailable": {refuses(smscode.Unavailable), true},
		"other":       {refuses(smscode.Other), true},
		"number":      {refuses(smscode.Number), false},
		"blocked":     {refuses(smscode.Blocked), false},
		"duplicate":   {refuses(smscode.Duplicate), false},
		"unknown":     {unknown, false},
		"params":      {func() error { return errcode.New(smscode.Params, "x") }, true},
		"not run":     {func() error { return errcode.Unavailable(errcode.OutcomeNotExecuted, "x") }, true},
		"perhaps run": {func() error { return errcode.Unavailable(errcode.OutcomeUnknown, "x") }, false},
		"deadline":    {func() error { return errcode.New(errcode.DeadlineExceeded, "x") }, false},
		"internal":    {func() error { return errcode.New(errcode.Internal, "x") }, false},
		"not found":   {func() error { return errcode.New(errcode.ElementNotFound, "x") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := &vendors{says: map[string]func() error{"a": tt.say}}
			e := open(t, v, both)
			got, err := send(e)
			require.Equal(t, 1, v.count("a"))
			if !tt.over {
				require.Equal(t, errcode.Of(tt.say()), errcode.Of(err))
				require.Zero(t, v.count("b"), "sent again")
				return
			}
			require.NoError(t, err)
			require.Equal(t, "b", got.Element)
			require.Equal(t, v.calls["a"], v.calls["b"], "the same phone and code")
		})
	}
}

func TestAnAnswerThatAcceptsNothingIsUnknown(t *testing.T) {
	accepted := func(phone any) map[string]any { return map[string]any{"phone": phone, "status": "accepted"} }
	for _, results := range []any{
		nil, []any{}, []any{map[string]any{"phone": phone, "status": "unknown"}}, []any{map[string]any{"status": "accepted"}},
		[]any{accepted("+8613800138001")}, []any{accepted("+1" + phone[1:])}, []any{accepted("138****8000")}, []any{accepted("")},
		[]any{accepted(phone), accepted("+8613800138001")}, []any{accepted(1)},
	} {
		n := 0
		host := &sdktest.Host{OnCall: func(context.Context, string, string, map[string]any) (any, error) {
			n++
			return map[string]any{"results": results}, nil
		}}
		e := sdktest.Open(t, route.Type(), both, sdktest.WithHost(host))
		_, err := send(e)
		require.Error(t, err, results)
		require.False(t, smscode.Unsent(err), results)
		require.Equal(t, 1, n, "sent again")
	}
}

func TestAllRefuse(t *testing.T) {
	v := &vendors{says: map[string]func() error{"a": refuses(smscode.Balance), "b": refuses(smscode.Auth)}}
	_, err := send(open(t, v, both))
	e, _ := errcode.As(err)
	require.Equal(t, map[string]any{"reason": "balance", "through": "a"}, e.Details)

	v.says["b"] = func() error { return asError(refuses(smscode.Throttled)()).After(time.Minute) }
	_, err = send(open(t, v, both))
	e, _ = errcode.As(err)
	require.Equal(t, "throttled", e.Details["reason"], "a limit is the more useful refusal")
	require.Equal(t, time.Minute, e.RetryAfter)
}

func TestRegions(t *testing.T) {
	v := &vendors{}
	e := open(t, v, `{"routes":[{"use":["rest"]},{"regions":["CN"],"use":["cn"]},{"regions":["US","CA"],"use":["us","cn"]}]}`)
	for number, want := range map[string]string{
		phone: "cn", "+14155552671": "us", "+16135550123": "us", "+442071838750": "rest", "+85251234567": "rest", "+12425550123": "rest", "13800138000": "cn",
	} {
		got, err := send(e, number)
		require.NoError(t, err)
		require.Equal(t, want, got.Element, number)
	}
	e = open(t, v, `{"routes":[{"regions":["CN"],"use":["cn"]}]}`)
	_, err := send(e, "+14155552671")
	refused, _ := errcode.As(err)
	require.Equal(t, "region", refused.Details["reason"])
	got, err := send(e, "+14155552671", phone)
	require.NoError(t, err)
	require.Equal(t, []delivery.Status{"refused", "accepted"}, []delivery.Status{got.Results[0].Status, got.Results[1].Status})
}

func TestWeights(t *testing.T) {
	v := &vendors{}
	e := open(t, v, `{"routes":[{"use":["a","b","c"],"strategy":"weighted","weights":[3,1,0]}]}`)
	const n = 4000
	for range n {
		_, err := send(e)
		require.NoError(t, err)
	}
	require.InDelta(t, 0.75, float64(v.count("a"))/n, 0.04)
	require.Equal(t, n, v.count("a")+v.count("b"))
	v.says["a"], v.says["b"] = refuses(smscode.Balance), refuses(smscode.Balance)
	got, err := send(e)
	require.NoError(t, err)
	require.Equal(t, "c", got.Element)
}

func TestConfigurationsThatSayNothingClear(t *testing.T) {
	for config, pointer := range map[string]string{
		`{"routes":[{"regions":["XX"],"use":["a"]}]}`:                                                         "/routes/0/regions/0",
		`{"routes":[{"regions":["CN"],"use":["a"]},{"regions":["CN"],"use":["a"]}]}`:                          "/routes/1/regions/0",
		`{"routes":[{"use":["a"]},{"use":["b"]}]}`:                                                            "/routes/1",
		`{"routes":[{"use":["a","a"]}]}`:                                                                      "/routes/0/use/1",
		`{"routes":[{"use":["a"],"weights":[1]}]}`:                                                            "/routes/0/weights",
		`{"routes":[{"use":["a","b"],"strategy":"weighted","weights":[1]}]}`:                                  "/routes/0/weights",
		`{"routes":[{"use":["a","b"],"strategy":"weighted","weights":[1,-1]}]}`:                               "/routes/0/weights/1",
		`{"routes":[{"use":["a","b"],"strategy":"weighted","weights":[0,0]}]}`:                                "/routes/0/weights",
		`{"routes":[{"use":["a","b"],"strategy":"weighted","weights":[1,1]},{"regions":["86"],"use":["a"]}]}`: "/routes/1/regions/0",
	} {
		_, wrong := sdktest.TryOpen(t, route.Type(), config)
		require.NotEmpty(t, wrong, config)
		require.Equal(t, pointer, wrong[0].GetPointer(), config)
	}
}

// A vendor that refuses everything gets few requests, and no message is lost.
func TestABreakerOpensAndClosesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vendors{says: map[string]func() error{"a": refuses(smscode.Auth)}}
		e := open(t, v, both)
		for i := range 1000 {
			got, err := send(e)
			require.NoError(t, err)
			require.Equal(t, "b", got.Element, i)
		}
		require.LessOrEqual(t, v.count("a"), 10)
		require.Equal(t, 1000, v.count("b"))

		before := v.count("a") // still refusing: one trial a pause, and longer pauses
		for range 60 {
			time.Sleep(time.Second)
			_, err := send(e)
			require.NoError(t, err)
		}
		trials := v.count("a") - before
		require.GreaterOrEqual(t, trials, 2)
		require.LessOrEqual(t, trials, 5)

		v.says1("a", nil)
		time.Sleep(31 * time.Second)
		for range 10 {
			got, err := send(e)
			require.NoError(t, err)
			require.Equal(t, "a", got.Element)
		}
	})
}

func TestOneTrialAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vendors{says: map[string]func() error{"a": refuses(smscode.Unavailable)}}
		e := open(t, v, both)
		for range 10 {
			_, _ = send(e)
		}
		before := v.count("a")
		v.says1("a", func() error { time.Sleep(5 * time.Second); return unknown() })
		time.Sleep(3 * time.Second)
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() { _, _ = send(e) })
		}
		wg.Wait()
		require.Equal(t, 1, v.count("a")-before)
	})
}

func TestWhatConcernsOneNumberOpensNothing(t *testing.T) {
	v := &vendors{}
	e := open(t, v, both)
	for _, say := range []func() error{
		refuses(smscode.Number), refuses(smscode.Blocked), refuses(smscode.Region),
		func() error { return asError(refuses(smscode.Throttled)()).With("scope", "number") },
	} {
		v.says1("a", say)
		for range 20 {
			_, _ = send(e)
		}
	}
	require.Equal(t, 80, v.count("a"))
}

func TestWhenAllBreakersAreOpenTheMessageIsTried(t *testing.T) {
	v := &vendors{says: map[string]func() error{"a": refuses(smscode.Auth), "b": refuses(smscode.Auth)}}
	e := open(t, v, both)
	for range 20 {
		_, err := send(e)
		require.ErrorIs(t, err, smscode.Refused)
	}
	v.says1("b", nil)
	got, err := send(e)
	require.NoError(t, err)
	require.Equal(t, "b", got.Element)
}

func TestManyAtOnceAreSentOnceEach(t *testing.T) {
	var mu sync.Mutex
	sent := map[string]int{}
	flip := 0
	host := &sdktest.Host{OnCall: func(_ context.Context, element, _ string, args map[string]any) (any, error) {
		to := fmt.Sprint(args["phoneList"].([]any)[0])
		mu.Lock()
		defer mu.Unlock()
		if element == "a" {
			if flip++; flip%2 == 0 {
				return nil, refuses(smscode.Balance)()
			}
			sent[to]++ // unknown: it may have gone
			return nil, unknown()
		}
		sent[to]++
		return map[string]any{"results": []any{map[string]any{"phone": to, "status": "accepted"}}}, nil
	}}
	e := sdktest.Open(t, route.Type(), both, sdktest.WithHost(host))
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 20 {
				_, _ = send(e, fmt.Sprintf("+86138%04d%04d", i, j))
			}
		})
	}
	wg.Wait()
	require.Len(t, sent, 64*20)
	for to, n := range sent {
		require.Equal(t, 1, n, to)
	}
}

func asError(err error) *errcode.Error {
	e, _ := errcode.As(err)
	return e
}
