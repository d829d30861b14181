package blackbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// routed is an app whose login sends by a route over stand-ins.
type routed struct {
	app  *blackbox.App
	a, b *blackbox.Vendor
}

func newRouted(t *testing.T) *routed {
	r := &routed{app: blackbox.Example(t), a: blackbox.NewVendor(t), b: blackbox.NewVendor(t)}
	r.app.UseVendor(r.a, "a")
	r.app.UseVendor(r.b, "b")
	r.app.WriteJSON("SMS/both/e.json", map[string]any{"title": "both", "type": "SMS.Route"})
	r.app.WriteJSON("SMS/both/sms.json", map[string]any{"routes": []any{
		map[string]any{"regions": []any{"CN"}, "use": []any{"SMS.a", "SMS.b"}},
		map[string]any{"use": []any{"SMS.b"}},
	}})
	r.app.Edit(blackbox.LoginConfig, func(config map[string]any) { delete(config, "smsConfig") })
	r.app.SetLogin(map[string]any{"smsFullName": "SMS.both", "ipHourlyLimit": 1_000_000, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000})
	return r
}

// If the first vendor refuses everything, the second delivers every code, and the first
// is soon skipped. It is used again once it works.
func TestARouteGoesAroundAVendorThatRefuses(t *testing.T) {
	t.Parallel()
	r := newRouted(t)
	r.a.Always(blackbox.RefuseAuth)
	s := r.app.Serve()
	c := s.Client()
	const n = 200
	var wg sync.WaitGroup
	send := func() (ok bool) {
		spelt, e164 := blackbox.Phone()
		if a := c.Send(spelt); a.Status != http.StatusOK {
			t.Errorf("not sent: %s", a.Body)
			return false
		}
		to := r.b.To(e164)
		if len(to) != 1 {
			t.Errorf("delivered %d times", len(to))
			return false
		}
		// The code that the second vendor got works.
		if tried := r.a.To(e164); len(tried) > 0 && (tried[0].Code != to[0].Code || tried[0].ID != to[0].ID) {
			t.Error("another code or request id went to the second vendor")
		}
		a := c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": to[0].Code, "nick": "R"})
		if a.Status != http.StatusOK {
			t.Errorf("the code doesn't work: %s", a.Body)
		}
		return true
	}
	for range 10 {
		require.True(t, send())
	}
	opened := len(r.a.Sent())
	require.LessOrEqual(t, opened, 10)
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	for range 8 {
		wg.Go(func() {
			for range work {
				send()
			}
		})
	}
	wg.Wait()
	require.Len(t, r.b.Sent(), n+10)
	require.Less(t, len(r.a.Sent())-opened, n/10, "the breaker stays closed")

	r.a.Always(blackbox.Accept)
	blackbox.Eventually(t, time.Minute, "the first vendor is used again", func() bool {
		spelt, e164 := blackbox.Phone()
		c.Send(spelt).OK(t)
		return len(r.a.To(e164)) == 1 && len(r.b.To(e164)) == 0
	})
	_, metrics := s.Operator("/metrics")
	require.Contains(t, metrics, `lintel_calls_total{code="OK",element="SMS.b",function="sendMessage",type="SMS.Http"}`)
	require.Contains(t, metrics, `lintel_calls_total{code="SMS_REFUSED",element="SMS.a",function="sendMessage",type="SMS.Http"}`)
	require.Contains(t, s.Log(), "through=SMS.b")
}

// A send with an unknown outcome is never repeated.
func TestARouteSendsNothingTwice(t *testing.T) {
	t.Parallel()
	r := newRouted(t)
	s := r.app.Serve()
	c := s.Client()
	for _, turn := range []blackbox.Turn{blackbox.CutAfterRead, blackbox.Status500, blackbox.Nonsense, blackbox.Empty} {
		r.a.Next(turn)
		spelt, e164 := blackbox.Phone()
		data := c.Send(spelt).Fails(t, http.StatusBadGateway, "SMS_FAILED")
		require.NotEmpty(t, data["resendAfter"])
		require.Len(t, r.a.To(e164), 1)
		require.Empty(t, r.b.To(e164), "sent again")
		c.Send(spelt).Fails(t, http.StatusTooManyRequests, "SEND_TOO_FREQUENT")
		c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": r.a.To(e164)[0].Code, "nick": "R"}).OK(t)
	}
}

// Errors in routes are found before anything runs.
func TestWrongRoutesAreNotValid(t *testing.T) {
	t.Parallel()
	r := newRouted(t)
	problems := func() []string {
		out := blackbox.Lintel(t, r.app.Dir, nil, "validate", "--json")
		var found []struct{ Element, Pointer, Message string }
		var wrapped struct {
			Problems []struct{ Element, Pointer, Message string }
		}
		if json.Unmarshal([]byte(out.Stdout), &found) != nil {
			require.NoError(t, json.Unmarshal([]byte(out.Stdout), &wrapped), out.Stdout)
			found = wrapped.Problems
		}
		var list []string
		for _, p := range found {
			list = append(list, p.Element+p.Pointer)
		}
		if out.Code == 0 {
			return nil
		}
		return list
	}
	require.Empty(t, problems())
	r.app.SetLogin(map[string]any{"smsConfig": map[string]any{"verifyTemplateCode": "T"}})
	require.Contains(t, problems(), blackbox.Login+"/smsConfig")
	r.app.SetLogin(map[string]any{"smsFullName": "SMS.a"})
	require.Empty(t, problems())
	r.app.Edit("SMS/both/sms.json", func(config map[string]any) {
		config["routes"] = []any{map[string]any{"use": []any{"SMS.a", "SMS.both"}}}
	})
	require.Contains(t, problems(), "SMS.both/routes/0/use/1")
	r.app.Edit("SMS/both/sms.json", func(config map[string]any) {
		config["routes"] = []any{map[string]any{"use": []any{"SMS.nobody"}}}
	})
	require.Contains(t, problems(), "SMS.both/routes/0/use/0")
}

type logged struct {
	Phone, Instance, Vendor, State, Reason, VendorCode, MessageID, RequestID string
	LatencyMs                                                                int64
	ReceiptTime                                                              *time.Time
}

func sendsOf(t *testing.T, app *blackbox.App, args ...string) []logged {
	out := blackbox.Lintel(t, app.Dir, nil, append([]string{"log", "sms", "--dev", "--json"}, args...)...)
	require.Equal(t, 0, out.Code, out.Stderr)
	var list []logged
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &list), out.Stdout)
	return list
}

// A send is logged with the element that sent it. A receipt that its vendor pushes is
// added to it, once, and to no other send.
func TestReceiptsGoWithTheirSends(t *testing.T) {
	t.Parallel()
	r := newRouted(t)
	r.app.Edit("SMS/a/sms.json", func(config map[string]any) {
		config["receipt"] = map[string]any{"messageId": "/mid", "state": "/state", "delivered": []any{"ok"}, "pending": []any{"sent"}, "reply": `{"code":0}`}
	})
	s := r.app.Serve()
	c := s.Client()
	spelt, e164 := blackbox.Phone()
	c.Send(spelt).OK(t)
	code := r.a.To(e164)[0].Code
	other, otherE164 := blackbox.Phone()
	r.a.Next(blackbox.RefuseAuth)
	c.Send(other).OK(t)
	require.Len(t, r.b.To(otherE164), 1)

	var list []logged
	blackbox.Eventually(t, 20*time.Second, "three sends are written down", func() bool {
		list = sendsOf(t, r.app)
		return len(list) == 3
	})
	byState := map[string]logged{}
	for _, l := range list {
		require.Contains(t, l.Phone, "****")
		require.NotEmpty(t, l.RequestID)
		byState[l.Instance+" "+l.State] = l
	}
	require.Contains(t, byState, "SMS.b accepted")
	require.Equal(t, "auth", byState["SMS.a refused"].Reason)
	mine := byState["SMS.a accepted"]
	require.NotEmpty(t, mine.MessageID)
	require.Equal(t, spelt[:3]+"****"+spelt[7:], mine.Phone)
	require.Len(t, sendsOf(t, r.app, "--state", "refused"), 1)
	require.Len(t, sendsOf(t, r.app, "--instance", "SMS.a"), 2)
	require.Empty(t, sendsOf(t, r.app, "--since", "0s"))

	_, status := s.Operator("/status")
	var told struct {
		Receipts []struct{ Element, URL string }
	}
	require.NoError(t, json.Unmarshal([]byte(status), &told))
	path := ""
	for _, at := range told.Receipts {
		if at.Element == "SMS.a" {
			path = at.URL
		}
	}
	require.Regexp(t, `^/receipts/SMS/a/[A-Za-z0-9_-]{32}$`, path)
	shown := blackbox.Lintel(t, r.app.Dir, nil, "check", "SMS.a", "--dev", "--dev-send")
	require.Equal(t, 0, shown.Code, shown.Stderr)
	require.Contains(t, shown.Stdout, path)

	push := func(path, body string) (int, string) {
		resp, err := http.Post(s.URL+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer resp.Body.Close()
		return resp.StatusCode, readAll(t, resp)
	}
	report := func(state string) string { return fmt.Sprintf(`{"mid":%q,"state":%q}`, mine.MessageID, state) }
	for _, wrong := range []string{path + "x", path[:len(path)-1], "/receipts/SMS/a/", "/receipts/SMS/b" + path[len("/receipts/SMS/a"):], "/receipts/" + path[len("/receipts/SMS/a/"):]} {
		status, _ := push(wrong, report("ok"))
		require.Equal(t, http.StatusNotFound, status, wrong)
	}
	for _, state := range []string{"sent", "broken", "ok", "broken", "ok"} {
		status, reply := push(path, report(state))
		require.Equal(t, http.StatusOK, status, reply)
		require.Equal(t, `{"code":0}`, reply)
	}
	status400, _ := push(path, `<xml/>`)
	require.Equal(t, http.StatusBadRequest, status400)
	status413, _ := push(path, strings.Repeat(" ", 300<<10))
	require.Equal(t, http.StatusRequestEntityTooLarge, status413)

	delivered := sendsOf(t, r.app, "--state", "delivered")
	require.Len(t, delivered, 1)
	require.Equal(t, []string{mine.MessageID, "ok"}, []string{delivered[0].MessageID, delivered[0].VendorCode})
	require.NotNil(t, delivered[0].ReceiptTime)
	require.Len(t, sendsOf(t, r.app), 3, "a receipt is no send")
	// The code still works, since receipts don't affect logins.
	c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "R"}).OK(t)

	for _, canary := range []string{spelt, other, code, path[len("/receipts/SMS/a/"):], r.a.Key} {
		require.NotContains(t, s.Log(), canary, "in the log")
	}
	_, metrics := s.Operator("/metrics")
	require.Contains(t, metrics, `lintel_sms_receipts_total{element="SMS.a",state="delivered"} 2`)
}

func TestCheckSendsOnlyWhenAgreed(t *testing.T) {
	t.Parallel()
	r := newRouted(t)
	check := func(args ...string) blackbox.Outcome {
		return blackbox.Lintel(t, r.app.Dir, nil, append([]string{"check", "SMS.both", "--dev", "--dev-send"}, args...)...)
	}
	out := check()
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Contains(t, out.Stdout, "SMS.a")
	out = check("--send", "13800138000")
	require.Equal(t, 1, out.Code)
	require.Empty(t, r.a.Sent())
	out = check("--send", "13800138000", "--yes", "--json")
	require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)
	require.Len(t, r.a.To("+8613800138000"), 1)
	require.NotContains(t, out.Stdout+out.Stderr, "13800138000")
	r.a.Always(blackbox.RefuseAuth)
	r.b.Always(blackbox.RefuseAuth)
	out = check("--send", "+8613800138000", "--yes")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "auth")
	require.Equal(t, 2, check("--send", "hello").Code)
	require.Equal(t, 1, blackbox.Lintel(t, r.app.Dir, nil, "check", "SMS.nobody", "--dev", "--dev-send").Code)
	r.app.Edit("SMS/a/sms.json", func(config map[string]any) { config["messageId"] = "no pointer" })
	out = check()
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "/messageId")
}

// A vendor that doesn't answer the check of credentials may still accept a message,
// which proves more.
func TestCheckSendsWhereTheCredentialsCouldNotBeTested(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		sent.Add(1)
		_, _ = io.WriteString(w, `{"requestId":"R","code":"1000","data":[{"code":"1000","messageId":"m"}]}`)
	}))
	t.Cleanup(vendor.Close)
	app := blackbox.Bare(t)
	config := map[string]any{"accessKey": "a", "accessSecret": "b", "verifySign": "sms-sign-1", "verifyTemplateCode": "sms-tmpl-1", "endpoint": vendor.URL}
	app.WriteJSON("SMS/mine/e.json", map[string]any{"title": "mine", "type": "SMS.Baidu"})
	app.WriteJSON("SMS/mine/sms.json", config)
	check := func(args ...string) blackbox.Outcome {
		return blackbox.Lintel(t, app.Dir, nil, append([]string{"check", "SMS.mine", "--dev", "--dev-send"}, args...)...)
	}
	out := check()
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "not tested")
	out = check("--send", "13800138000", "--yes")
	require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)
	require.Contains(t, out.Stdout, "Baidu accepted it as m")
	require.EqualValues(t, 1, sent.Load())
	delete(config, "verifyTemplateCode")
	app.WriteJSON("SMS/mine/sms.json", config)
	require.Equal(t, 1, check("--send", "13800138000", "--yes").Code)
	require.EqualValues(t, 1, sent.Load(), "sent without a template")
}

func readAll(t *testing.T, resp *http.Response) string {
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}
