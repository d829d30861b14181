package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const phone = "+8613800138000"

type config struct {
	delivery.Settings
	delivery.TemplateSettings
	Text string `json:"text"`
	Key  string `json:"key" default:"the-key" secret:"true"`
}

// vendorFunc is a delivery.Vendor.
type vendorFunc func(ctx context.Context, m *delivery.Message) delivery.Outcome

func (f vendorFunc) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	return f(ctx, m)
}

func open(t *testing.T, vendor vendorFunc, text string) *sdktest.Instance {
	typ := delivery.NewType("SMS.Test", "Test", "", func(_ context.Context, c config, _ sdk.Env) (*delivery.Sender, error) {
		return delivery.NewSender("Test", vendor, delivery.Options{
			Settings: c.Settings, TemplateSettings: c.TemplateSettings, Text: c.Text, RequireTemplate: c.Text == "",
		}), nil
	})
	return sdktest.Open(t, typ, text)
}

// accept accepts any response.
func accept(*delivery.Response) delivery.Outcome { return delivery.Accepted("") }

func coded(t *testing.T, err error) *errcode.Error {
	t.Helper()
	var e *errcode.Error
	require.True(t, errors.As(err, &e), "%v", err)
	return e
}

func TestSendMessageIsInternalAndRunsToEnd(t *testing.T) {
	d := delivery.NewType("SMS.Test", "", "", func(context.Context, config, sdk.Env) (*delivery.Sender, error) { return nil, nil }).Describe()
	require.Equal(t, "sms.json", d.GetConfigFile())
	f := d.GetFunctions()[0]
	require.Equal(t, "sendMessage", f.GetName())
	require.False(t, f.GetExposed())
	require.True(t, f.GetRunsToEnd())
	var names []string
	for _, a := range f.GetArgs() {
		names = append(names, fmt.Sprint(a.GetName(), a.GetRequired()))
	}
	require.Equal(t, []string{"phoneListtrue", "paramstrue", "verifyTemplateCodefalse", "verifySignfalse", "verifyParamsfalse", "textfalse"}, names)
}

func TestVariablesComeInTheOrderOfVerifyParams(t *testing.T) {
	var got *delivery.Message
	sms := open(t, func(_ context.Context, m *delivery.Message) delivery.Outcome { got = m; return delivery.Accepted("1") },
		`{"verifyTemplateCode":"T","verifyParams":["minutes","code","ok"]}`)
	_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{"13800138000"},
		"params": map[string]any{"code": "000123", "minutes": 5, "ok": true, "product": "never sent"}})
	require.NoError(t, err)
	require.Equal(t, []string{"5", "000123", "true"}, got.Values())
	require.Equal(t, map[string]string{"minutes": "5", "code": "000123", "ok": "true"}, got.Named())
	require.Equal(t, phone, got.Phone.E164())
	require.Equal(t, "test-request", got.RequestID)

	// Another template has other variables: only those that the call has are sent.
	_, err = sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone},
		"params": map[string]any{"minutes": 5}, "verifyTemplateCode": "NOTICE"})
	require.NoError(t, err)
	require.Equal(t, []string{"5"}, got.Values())
}

func TestWhatCannotBeSentIsNamed(t *testing.T) {
	sms := open(t, func(context.Context, *delivery.Message) delivery.Outcome { panic("sent") }, `{"verifyTemplateCode":"T"}`)
	for param, args := range map[string]sdktest.Args{
		"code":               {"phoneList": []string{phone}, "params": map[string]any{"minutes": 1}},
		"verifyTemplateCode": {"phoneList": []string{phone}, "params": map[string]any{"code": "1"}, "text": "no template of this"},
		"x":                  {"phoneList": []string{phone}, "params": map[string]any{"code": "1", "x": []int{1}}},
		"phoneList":          {"phoneList": []string{"1380013800"}, "params": map[string]any{"code": "1"}},
	} {
		_, err := sms.Call(context.Background(), "sendMessage", args)
		require.ErrorIs(t, err, smscode.Params)
		require.Equal(t, param, coded(t, err).Details["param"])
	}
	for _, list := range [][]string{{}, make([]string, 101), {"+0123456789"}, {"+86138a0138000"}, {"+"}} {
		_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": list, "params": map[string]any{"code": "1"}})
		require.ErrorIs(t, err, smscode.Params, list)
	}
	sms = open(t, func(context.Context, *delivery.Message) delivery.Outcome { panic("sent") }, `{"text":"${product}: ${code}"}`)
	_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "1"}})
	require.Equal(t, "product", coded(t, err).Details["param"])
}

func TestTextIsRenderedOnce(t *testing.T) {
	var got string
	sms := open(t, func(_ context.Context, m *delivery.Message) delivery.Outcome {
		got = m.Text
		return delivery.Accepted("")
	}, `{"text":"${product}: ${code} $5"}`)
	args := sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "1", "product": "${code}"}}
	_, err := sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	require.Equal(t, "${code}: 1 $5", got)
	args["text"] = "moved"
	_, err = sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	require.Equal(t, "moved", got)
}

func TestOutcomesAndTheirErrors(t *testing.T) {
	throttled := delivery.Refused(smscode.Throttled, "E1")
	throttled.Scope, throttled.Wait, throttled.RequestID = smscode.ScopeNumber, time.Minute, "R"
	for name, c := range map[string]struct {
		outcome delivery.Outcome
		code    errcode.Code
		details map[string]any
		wait    time.Duration
		retry   bool
	}{
		"the zero outcome is unknown": {delivery.Outcome{}, smscode.Failed, map[string]any{"outcome": "unknown"}, 0, false},
		"unknown":                     {delivery.Unknown("no answer"), smscode.Failed, map[string]any{"outcome": "unknown", "doubt": "unreadable"}, 0, false},
		"throttled": {throttled, smscode.Refused, map[string]any{"reason": "throttled", "vendorCode": "E1",
			"vendorRequestId": "R", "scope": "number"}, time.Minute, true},
		"unavailable": {delivery.Refused(smscode.Unavailable, ""), smscode.Refused, map[string]any{"reason": "unavailable"}, 0, true},
		"balance":     {delivery.Refused(smscode.Balance, "E2"), smscode.Refused, map[string]any{"reason": "balance", "vendorCode": "E2"}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			sms := open(t, func(context.Context, *delivery.Message) delivery.Outcome { return c.outcome }, `{"verifyTemplateCode":"T"}`)
			_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "1"}})
			e := coded(t, err)
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.details, e.Details)
			require.Equal(t, c.wait, e.RetryAfter)
			require.Equal(t, c.retry, e.Retryable)
		})
	}
}

func TestSomeOfManyAccepted(t *testing.T) {
	var ids []string
	sms := open(t, func(_ context.Context, m *delivery.Message) delivery.Outcome {
		ids = append(ids, m.RequestID)
		switch m.Phone.National() {
		case "13800138000":
			return delivery.Refused(smscode.Number, "E")
		case "13800138001":
			return delivery.Accepted("m-1")
		}
		return delivery.Unknown("")
	}, `{"verifyTemplateCode":"T"}`)
	var got delivery.SendResult
	require.NoError(t, sms.CallInto(context.Background(), "sendMessage", sdktest.Args{
		"phoneList": []string{phone, "+8613800138001", "+8613800138002"}, "params": map[string]any{"code": "1"}}, &got))
	require.Equal(t, []delivery.PhoneResult{{phone, "", "refused"}, {"+8613800138001", "m-1", "accepted"}, {"+8613800138002", "", "unknown"}}, got.Results)
	require.Equal(t, []string{"test-request", "test-request-2", "test-request-3"}, ids)
}

// Log fields are snake_case, and empty ones are left out.
func TestASendIsLogged(t *testing.T) {
	refused := delivery.Refused(smscode.Balance, "E1").WithDetail("no money")
	refused.RequestID = "R"
	for name, row := range map[string]struct {
		outcome delivery.Outcome
		want    map[string]any
	}{
		"accepted": {delivery.Accepted("m-1"), map[string]any{"level": "DEBUG", "msg": "sms accepted", "vendor": "Test", "message_id": "m-1"}},
		"refused": {refused, map[string]any{"level": "WARN", "msg": "sms refused", "vendor": "Test", "reason": "balance",
			"vendor_code": "E1", "vendor_request_id": "R", "detail": "no money"}},
		"unknown": {delivery.Outcome{}, map[string]any{"level": "WARN", "msg": "sms unknown", "vendor": "Test"}},
	} {
		t.Run(name, func(t *testing.T) {
			sms := open(t, func(context.Context, *delivery.Message) delivery.Outcome { return row.outcome }, `{"verifyTemplateCode":"T"}`)
			_, _ = sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "1"}})
			var line map[string]any
			require.NoError(t, json.Unmarshal([]byte(sms.Log()), &line), sms.Log())
			require.IsType(t, 0.0, line["duration_ms"])
			for _, key := range []string{"duration_ms", "time", "element", "request_id", "@call"} {
				delete(line, key)
			}
			require.Equal(t, row.want, line)
		})
	}
}

func TestTextFromTheVendorIsRedacted(t *testing.T) {
	for _, word := range []string{"x" + phone, "8613800138000", "13800138000!", "code 493027", "the-key"} {
		o := delivery.Refused(smscode.Other, word)
		o.RequestID = word
		o.MessageID = word
		sms := open(t, func(context.Context, *delivery.Message) delivery.Outcome { return o }, `{"verifyTemplateCode":"T"}`)
		_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "493027"}})
		e := coded(t, err)
		require.Equal(t, "[redacted]", e.Details["vendorCode"], word)
		require.NotContains(t, fmt.Sprint(e, e.Details, sms.Log()), word)
	}
	o := delivery.Refused(smscode.Other, "a\nb\x1b"+strings.Repeat("c", 500))
	sms := open(t, func(context.Context, *delivery.Message) delivery.Outcome { return o }, `{"verifyTemplateCode":"T"}`)
	_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "493027"}})
	require.Equal(t, ("ab" + strings.Repeat("c", 500))[:128], coded(t, err).Details["vendorCode"])
}

func TestInternalAddresses(t *testing.T) {
	for addr, internal := range map[string]bool{
		"8.8.8.8": false, "47.96.1.1": false, "2400:3200::1": false, "64:ff9b::808:808": false,
		"10.1.2.3": true, "172.16.0.1": true, "192.168.0.1": true, "127.0.0.1": true, "::1": true, "0.0.0.0": true, "::": true,
		"169.254.169.254": true, "100.100.100.200": true, "fd00:ec2::254": true, "fe80::1": true, "::ffff:127.0.0.1": true,
		"64:ff9b::a9fe:a9fe": true, "2002:a00:1::": true, "::127.0.0.1": true, "224.0.0.1": true, "255.255.255.255": true,
		// The IANA special-purpose registries, and metadata services, at both ends.
		"168.63.129.16": true, "168.63.129.15": false, "168.63.129.17": false, "192.0.0.192": true, "192.0.0.255": true,
		"192.88.99.0": true, "192.88.99.255": true, "192.88.98.255": false, "192.88.100.0": false,
		"192.31.196.1": true, "192.52.193.1": true, "192.175.48.6": true, "198.18.0.0": true, "198.19.255.255": true,
		"100.127.255.255": true, "100.128.0.0": false, "203.0.113.9": true, "198.51.100.9": true, "192.0.2.9": true, "239.1.1.1": true, "240.0.0.1": true,
		"3fff::": true, "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff": true, "3fff:1000::": false, "5f00::": true, "5f00:ffff::1": true,
		"100::1": true, "100:0:0:1::1": true, "2001::1": true, "2001:1::1": true, "2001:20::1": true, "2001:1ff:ffff::1": true, "2001:200::1": false,
		"2001:db8::1": true, "2620:4f:8000::6": true, "fec0::1": true, "ff02::1": true, "fc00::1": true, "4000::1": true, "1fff::1": true,
		// IPv4 addresses in IPv6 ones.
		"::ffff:168.63.129.16": true, "::ffff:8.8.8.8": false, "::ffff:0:808:808": true, "64:ff9b::10.0.0.1": true, "64:ff9b::a83f:8110": true, "64:ff9b:1::808:808": true,
		"2002:a9fe:a9fe::1": true, "2002:c058:6301::": true, "2002:808:808::1": false,
		"2400:3200::5efe:10.0.0.1": true, "2400:3200::200:5efe:169.254.169.254": true, "2400:3200::5efe:8.8.8.8": false,
	} {
		require.Equal(t, internal, delivery.IsInternal(netip.MustParseAddr(addr)), addr)
		require.Equal(t, internal, delivery.PublicOnly("tcp", net.JoinHostPort(addr, "443")) != nil, addr)
	}
	require.True(t, delivery.IsInternal(netip.Addr{}))
}

func TestPlainHTTPGoesToLoopbackOnly(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"https://a.example": true, "http://127.0.0.1:1": true, "http://127.9.9.9": true, "http://[::1]:1/x/": true, "http://localhost": true,
		"http://a.example": false, "http://10.0.0.1": false, "http://localhost.example": false, "http://127.0.0.1.example": false,
		"ftp://a.example": false, "a.example": false, "https://": false, "https://u@a.example": false, "https://a.example/?q": false, "https://a.example/#f": false,
	} {
		_, err := delivery.Settings{Endpoint: endpoint}.Base(context.Background(), "")
		require.Equal(t, ok, err == nil, endpoint)
	}
}

// When a reused connection breaks, net/http would send a GET, or a request with an
// Idempotency-Key, a second time.
func TestNoRequestIsSentTwice(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		var requests atomic.Int32
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					buf := make([]byte, 4096)
					for n := 0; ; n++ {
						if _, err := conn.Read(buf); err != nil {
							return
						}
						if requests.Add(1) == 2 {
							return // read, and cut
						}
						fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}()
			}
		}()
		client := delivery.NewClient(delivery.Network{})
		for i := range 2 {
			var req *http.Request
			if method == "GET" {
				req, _ = http.NewRequest(method, "http://"+listener.Addr().String(), nil)
			} else {
				req, _ = http.NewRequest(method, "http://"+listener.Addr().String(), strings.NewReader("x"))
			}
			req.Header.Set("Idempotency-Key", "k")
			want := []delivery.Status{delivery.StatusAccepted, delivery.StatusUnknown}[i]
			require.Equal(t, want, client.Do(req, accept).Status(), method)
		}
		require.EqualValues(t, 2, requests.Load(), method)
		client.Close()
	}
}

func TestSendResultHasTheShapeOfTheContract(t *testing.T) {
	raw, err := json.Marshal(delivery.SendResult{Vendor: "V", Results: []delivery.PhoneResult{{phone, "m", "accepted"}}, RequestID: "r"})
	require.NoError(t, err)
	require.JSONEq(t, `{"vendor":"V","results":[{"phone":"+8613800138000","messageId":"m","status":"accepted"}],"requestId":"r"}`, string(raw))
}
