package blackbox_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// problem is one of "lintel validate --json".
type problem struct {
	Element, Code, File, Pointer, Message string
	Line                                  int
	Warning                               bool
}

// validate returns the exit code and the errors.
func validate(t *testing.T, app *blackbox.App, env []string, args ...string) (int, []problem) {
	t.Helper()
	out := blackbox.Lintel(t, app.Dir, env, append([]string{"validate", app.Dir, "--json"}, args...)...)
	var answer struct {
		OK       bool
		Problems []problem
	}
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &answer), out.Stdout+out.Stderr)
	require.Equal(t, answer.OK, out.Code == 0)
	return out.Code, slices.DeleteFunc(answer.Problems, func(p problem) bool { return p.Warning })
}

// publicly returns the status of the public /readyz.
func publicly(t *testing.T, s *blackbox.Server) int {
	t.Helper()
	resp, err := http.Get(s.URL + "/readyz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// unready returns what the operators' /readyz names.
func unready(t *testing.T, s *blackbox.Server) map[string]string {
	t.Helper()
	_, body := s.Operator("/readyz")
	var answer struct {
		NotReady []struct{ Name, Reason string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
	named := map[string]string{}
	for _, u := range answer.NotReady {
		named[u.Name] += u.Reason
	}
	return named
}

const (
	gatewayConfig = "SMS/gateway/sms.json"
	vendorSMS     = "SMS.gateway"
)

// Each of these is refused by the code of a Type, not by its schema. validate says so,
// and serve leaves the same element unavailable for the same reason.
func TestValidateFindsWhatTypesRefuse(t *testing.T) {
	t.Parallel()
	gateway := func(change func(config map[string]any)) func(*blackbox.Shop) {
		return func(s *blackbox.Shop) { s.Edit(gatewayConfig, change) }
	}
	login := func(settings map[string]any) func(*blackbox.Shop) {
		return func(s *blackbox.Shop) { s.SetLogin(settings) }
	}
	instance := func(typ string, config map[string]any) func(*blackbox.Shop) {
		return func(s *blackbox.Shop) {
			s.WriteJSON("SMS/other/e.json", map[string]any{"title": "Other", "type": typ})
			s.WriteJSON("SMS/other/sms.json", config)
			s.SetLogin(map[string]any{"smsFullName": "SMS.other"})
		}
	}
	with := func(key string, value any) func(map[string]any) {
		return func(config map[string]any) { config[key] = value }
	}
	for name, test := range map[string]struct {
		change                  func(*blackbox.Shop)
		element, pointer, words string
	}{
		"a placeholder that isn't there": {gateway(with("body", map[string]any{"to": "${nope}"})), vendorSMS, "/body/to", "unknown placeholder ${nope}"},
		"a placeholder in a header":      {gateway(with("headers", map[string]any{"X-A": "${params}"})), vendorSMS, "/headers/X-A", "unknown placeholder"},
		"a secret that isn't there":      {gateway(with("headers", map[string]any{"X-A": "${secrets.no}"})), vendorSMS, "/headers/X-A", `there is no secret "no"`},
		"a placeholder without an end":   {gateway(with("sign", "${phone")), vendorSMS, "/sign", "has no end"},
		"a pointer that is none":         {gateway(with("messageId", "data.id")), vendorSMS, "/messageId", "JSON pointer"},
		"a marker without a condition":   {gateway(with("accepted", map[string]any{})), vendorSMS, "/accepted", "needs a condition"},
		"a body where none may be":       {gateway(with("method", "GET")), vendorSMS, "/body", "a GET request has no body"},
		"a private address":              {gateway(with("url", "https://10.1.2.3/send")), vendorSMS, "/url", "private network"},
		"a test phone's code":            {login(map[string]any{"testPhones": map[string]any{"13800138000": "1234"}}), blackbox.Login, "/testPhones", "6 digits"},
		"a test phone's region":          {login(map[string]any{"testPhones": map[string]any{"+447400123456": "123456"}}), blackbox.Login, "/testPhones", "regions"},
		"a region that isn't there":      {login(map[string]any{"regions": []string{"CN", "XX"}}), blackbox.Login, "/regions", "ISO 3166"},
		"the default region":             {login(map[string]any{"regions": []string{"US", "GB"}}), blackbox.Login, "/defaultRegion", "CN is not among regions"},
		"brackets around a sign": {instance("SMS.Aliyun", map[string]any{"accessKey": "a", "accessSecret": "b", "verifySign": "【店】", "verifyTemplateCode": "SMS_1"}),
			"SMS.other", "/verifySign", "without 【】"},
		"brackets in Tencent's sign": {instance("SMS.Tencent", map[string]any{"secretId": "a", "secretKey": "b", "sdkAppId": "1400006666", "verifySign": "店】", "verifyTemplateCode": "1", "region": "ap-guangzhou"}),
			"SMS.other", "/verifySign", "without 【】"},
		"a route's weights": {instance("SMS.Route", map[string]any{"routes": []any{map[string]any{"use": []string{vendorSMS}, "weights": []int{1}}}}),
			"SMS.other", "/routes/0/weights", "weighted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := blackbox.NewShop(t)
			code, problems := validate(t, shop.App, nil)
			require.Zero(t, code, "before: %v", problems)
			test.change(shop)
			for _, flags := range [][]string{nil, {"--dev"}, {"--dev", "--dev-send"}} {
				code, problems := validate(t, shop.App, nil, flags...)
				require.Equal(t, 1, code, "%v", flags)
				require.Len(t, problems, 1, "said once: %v", problems)
				p := problems[0]
				require.Equal(t, test.element, p.Element)
				require.Equal(t, test.pointer, p.Pointer)
				require.Contains(t, p.Message, test.words)
				require.True(t, strings.HasSuffix(p.File, ".json"), p.File)
				require.Positive(t, p.Line)
			}
			shop.Open(1)
			s := shop.Servers[0]
			named := unready(t, s)
			require.Contains(t, named[test.element], test.words)
			require.Equal(t, http.StatusServiceUnavailable, publicly(t, s), "no login can be served")
			shop.Visitor().Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": "13800138000"}).Fails(t, http.StatusServiceUnavailable, "ELEMENT_UNAVAILABLE")
		})
	}
}

func TestWholeNumbersMayBeWrittenWithAFraction(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	text, err := os.ReadFile(filepath.Join(shop.Dir, filepath.FromSlash(blackbox.LoginConfig)))
	require.NoError(t, err)
	shop.Write(blackbox.LoginConfig, strings.Replace(string(text), "{", `{"codeLength": 8.0, "resendInterval": 6e0, "maxAttempts": 50e-1, "allowUnbindLast": 1.0,`, 1))
	shop.Edit("corps/shop/config.json", func(map[string]any) {})
	shop.Write("corps/shop/config.json", `{"title": "Shop", "allowJoin": 0.0}`)
	code, problems := validate(t, shop.App, nil)
	require.Zero(t, code, "%v", problems)
	shop.Open(1)
	c := shop.Visitor()
	config := c.Call(blackbox.Login, "getLoginConfig", nil).OK(t)
	require.EqualValues(t, 8, config["codeLength"])
	require.EqualValues(t, 6, c.Send("13800138000").OK(t)["resendAfter"])
	require.Len(t, shop.Newest("+8613800138000"), 8)
}

func TestAnAppThatNobodyGaveAVendor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.Zero(t, blackbox.Lintel(t, dir, nil, "new", "app", "shop").Code)
	fresh := blackbox.Shipped(t)
	fresh.Dir = filepath.Join(dir, "shop")
	for _, app := range []*blackbox.App{blackbox.Shipped(t), fresh} {
		code, problems := validate(t, app, nil, "--dev")
		require.Zero(t, code, "%v", problems)
		require.Empty(t, problems)
		code, problems = validate(t, app, nil)
		require.Equal(t, 1, code)
		require.Len(t, problems, 1)
		require.Contains(t, problems[0].Message, "variable PHONE_SMS must name a vendor")
		require.Equal(t, "/smsFullName", problems[0].Pointer)
		require.Positive(t, problems[0].Line)

		out := blackbox.Lintel(t, app.Dir, nil, "doctor", app.Dir)
		require.Equal(t, 1, out.Code)
		require.Contains(t, out.Stdout, "PHONE_SMS must name a vendor")

		s := app.Serve(blackbox.Start{NoDev: true})
		require.Equal(t, http.StatusServiceUnavailable, publicly(t, s))
		require.Contains(t, strings.Join(values(unready(t, s)), " "), "PHONE_SMS must name a vendor")
		status := blackbox.Lintel(t, app.Dir, nil, "status", app.Dir)
		require.Contains(t, status.Stdout, "PHONE_SMS must name a vendor")
		s.Stop()
	}
	app := blackbox.Shipped(t)
	vendor := []string{"PHONE_SMS=SMS.aliyunSms"}
	code, problems := validate(t, app, vendor)
	require.Zero(t, code, "an outbox that nobody names is no error: %v", problems)
	s := app.Serve(blackbox.Start{NoDev: true, Env: vendor})
	require.Equal(t, http.StatusOK, publicly(t, s))
	require.Empty(t, unready(t, s))
}

func values(m map[string]string) []string {
	var list []string
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

func TestOneBrokenLoginOfSeveralIsForOperators(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	other := shop.Another("second", map[string]any{"testPhones": map[string]any{"13800138000": "12"}})
	code, problems := validate(t, shop.App, nil)
	require.Equal(t, 1, code)
	require.Equal(t, other, problems[0].Element)
	shop.Open(1)
	s := shop.Servers[0]
	require.Equal(t, http.StatusOK, publicly(t, s))
	require.Contains(t, unready(t, s)[other], "6 digits")
	shop.Visitor().Send("13800138000").OK(t)

	// Mended, and then the other way round.
	shop.Edit("auths/loginTypes/second/config.json", func(config map[string]any) { delete(config, "testPhones") })
	blackbox.Eventually(t, time.Minute, "mended", func() bool { return len(unready(t, s)) == 0 })
}

func TestAStoreThatCantBeOpenedIsFoundByValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind, typ      string
		config         map[string]any
		pointer, words string
	}{
		"a newline in Redis's URL": {"defaultCache", "caches.RedisType", map[string]any{"url": "redis://127.0.0.1:6379\n"}, "/url", "redis://"},
		"sslmode":                  {"defaultDatabase", "databases.PostgresType", map[string]any{"url": "postgres://u:hunter2@127.0.0.1/x?sslmode=foo"}, "/url", ""},
		"a port":                   {"defaultDatabase", "databases.PostgresType", map[string]any{"url": "postgres://u:hunter2@127.0.0.1:port/x"}, "/url", ""},
		"a file outside":           {"defaultCache", "caches.SqliteType", map[string]any{"path": "../x.db"}, "/path", "below the data directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := blackbox.NewShop(t)
			shop.Store(test.kind, "my.store", test.typ, test.config)
			for _, flags := range [][]string{nil, {"--static"}} {
				code, problems := validate(t, shop.App, nil, flags...)
				require.Equal(t, 1, code)
				require.Len(t, problems, 1, "%v", problems)
				p := problems[0]
				require.Equal(t, "my.store", p.Element)
				require.Equal(t, test.pointer, p.Pointer)
				require.Equal(t, "my/store/config.json", p.File)
				require.Equal(t, 2, p.Line)
				require.Contains(t, p.Message, test.words)
				require.NotContains(t, p.Message, "hunter2")
			}
			out := blackbox.Lintel(t, shop.Dir, []string{"LINTEL_SECRET=Y29uc3RhbnQtYW5kLW9mLW5vLXZhbHVlLXRvLWFueWJvZHk="}, "serve", shop.Dir, "--listen", "127.0.0.1:0")
			require.Equal(t, 1, out.Code)
			require.Contains(t, out.Stderr, "my/store/config.json:2")
			require.NotContains(t, out.Stderr, "hunter2")
		})
	}
}
