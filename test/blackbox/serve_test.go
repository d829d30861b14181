package blackbox_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/test/blackbox"
)

func TestServePrintsItsAddressesAndEndsCleanly(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	s := app.Serve()
	require.Equal(t, []string{
		"listening on " + s.URL,
		"login API at " + s.URL + "/api/example/shop/auths/loginTypes/myPhoneLogin",
		"login page at " + s.URL + "/login",
		"outbox at " + s.URL + "/_dev/outbox",
		"operators on unix://" + s.Admin,
	}, s.Printed)
	info, err := os.Stat(s.Admin)
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, info.Mode())
	status, _ := s.Operator("/readyz")
	require.Equal(t, http.StatusOK, status)

	s.Register() // so that plugins run
	pids := s.Plugins(2)
	s.Signal(syscall.SIGTERM)
	require.Equal(t, 0, s.Exit())
	require.NoFileExists(t, s.Admin)
	for name, pid := range pids {
		require.False(t, blackbox.Alive(pid), name)
	}
}

func TestServePrintsItsAddressesAsJSON(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	app.Write("auths/loginTypes/inner/e.json", `{"title": "Nobody's outside", "type": "auths.loginTypes.PhoneType", "accessModifier": "private"}`)
	app.Write("auths/loginTypes/inner/config.json", `{"smsFullName": "SMS.devOutbox"}`)
	s := exec.Command(filepath.Join(blackbox.Bin(t), "lintel"), "serve", app.Dir, "--listen", "127.0.0.1:0", "--dev", "--json")
	s.Env = blackbox.Environment()
	out, err := s.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.Start())
	defer func() { require.NoError(t, s.Wait()) }()
	defer func() { require.NoError(t, s.Process.Signal(syscall.SIGTERM)) }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err)
	var where struct {
		Listening, LoginPage, Outbox, Operators string
		LoginAPIs                               []string
	}
	require.NoError(t, json.Unmarshal(line, &where))
	require.Equal(t, []string{where.Listening + "/api/example/shop/auths/loginTypes/myPhoneLogin"}, where.LoginAPIs)
	response, err := http.Get(where.Outbox + ".json")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, "it answers once it has printed")
	require.Contains(t, where.Operators, "admin.sock")
	response, err = http.Get(where.Listening + "/openapi.json")
	require.NoError(t, err)
	document, err := io.ReadAll(response.Body)
	require.NoError(t, errors.Join(err, response.Body.Close()))
	require.NotContains(t, string(document), "loginTypes.inner", "private elements are offered to nobody")
}

func TestKillingTheHostEndsItsPlugins(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	s := app.Serve()
	s.Register()
	pids := s.Plugins(2)
	require.Len(t, pids, 2)
	s.Kill()
	for name, pid := range pids {
		blackbox.Eventually(t, 5*time.Second, name+" ends", func() bool { return !blackbox.Alive(pid) })
	}
	again := app.Serve()
	require.Equal(t, s.Admin, again.Admin, "the dead server's socket is taken over")
	again.Register()
}

func TestTwoServersShareAnApp(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	first, second := app.Serve(), app.Serve()
	require.NotEqual(t, first.Admin, second.Admin)
	p := first.Register()
	me := second.Client().Bearer(p.AccessToken).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.Equal(t, p.UserID, me.Text("userId"))

	out := blackbox.Lintel(t, app.Dir, nil, "status", "--json")
	require.Equal(t, 0, out.Code, out.Stderr)
	var answers []struct {
		Address string `json:"address"`
	}
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &answers))
	require.Len(t, answers, 2)
}

func TestServeRefusesWhatItCantStartWith(t *testing.T) {
	t.Parallel()
	// store makes the app name a default cache, and makes that element if typ is given.
	store := func(name, typ, config string) func(*blackbox.App) {
		return func(a *blackbox.App) {
			a.Write("app.json", `{"appId": "example.shop", "settings": {"defaultElement": {"defaultCache": "`+name+`"}}}`)
			if typ != "" {
				dir := strings.ReplaceAll(name, ".", "/") + "/"
				a.Write(dir+"e.json", `{"title": "Store", "type": "`+typ+`"}`)
				a.Write(dir+"config.json", config)
			}
		}
	}
	tests := []struct {
		name   string
		change func(*blackbox.App)
		args   []string
		code   int
		words  string
	}{
		{"no app.json", func(a *blackbox.App) { a.Remove("app.json") }, nil, 1, "app.json"},
		{"app.json is no JSON", func(a *blackbox.App) { a.Write("app.json", "{") }, nil, 1, "app.json"},
		{"app.json without an appId", func(a *blackbox.App) { a.Write("app.json", `{"title":"x"}`) }, nil, 1, "appId"},
		{"a data directory that is a file", func(a *blackbox.App) { a.Write("appData", "") }, nil, 1, ""},
		{"a store that isn't there", store("my.nothing", "", ""), nil, 1, "app.json:1: /settings/defaultElement/defaultCache: there is no element my.nothing"},
		{"a store of another family", store("corps.Default", "", ""), nil, 1, "corps.Default (library:corps/Default/e.json) is not an instance of caches.Meta"},
		{"a store with a bad configuration", store("my.store", "caches.RedisType", `{"urll": "redis://:hunter2@127.0.0.1:1"}`), nil, 1, `my/store/config.json:1: /urll: unknown key "urll"; did you mean "url"?`},
		{"a store that can't be opened", store("my.store", "caches.SqliteType", `{"path": "../../x.db"}`), nil, 1, "path must lie below the data directory"},
		{"a secret that is too short", nil, []string{"LINTEL_SECRET=c2hvcnQ="}, 1, "secret"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := blackbox.Example(t)
			if test.change != nil {
				test.change(app)
			}
			args := []string{"serve", app.Dir, "--listen", "127.0.0.1:0", "--dev"}
			if strings.HasPrefix(test.name, "a store") {
				args = args[:len(args)-1] // --dev replaces the stores
			}
			out := blackbox.Lintel(t, t.TempDir(), test.args, args...)
			require.Equal(t, test.code, out.Code, out.Stderr)
			require.NotContains(t, out.Stderr, "hunter2")
			require.LessOrEqual(t, strings.Count(out.Stderr, "opening an element failed"), 1, "said once")
			require.Contains(t, strings.ToLower(out.Stderr), strings.ToLower(test.words))
			require.Empty(t, out.Stdout)
		})
	}
}

func TestABrokenElementIsReportedAndTheRestServes(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	app.Write("SMS/aliyunSms/sms.json", `{"accessKey": 1}`)
	s := app.Serve()
	s.Register()
	status, body := s.Operator("/readyz")
	require.Contains(t, body, "SMS.aliyunSms", status)
	out := blackbox.Lintel(t, app.Dir, nil, "validate", "--json")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, "SMS/aliyunSms/sms.json")
	require.Equal(t, 1, blackbox.Lintel(t, app.Dir, nil, "status").Code)
}

func TestTheExampleIsValidFromAFreshClone(t *testing.T) {
	t.Parallel()
	out := blackbox.Lintel(t, t.TempDir(), nil, "validate", filepath.Join(blackbox.Root(), "app.example"), "--dev")
	require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)
	require.Contains(t, out.Stdout, "0 errors, 0 warnings")
}

func TestTheFirstSignalDrainsAndTheSecondEnds(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	vendor := blackbox.NewVendor(t)
	app.UseVendor(vendor, "gateway")
	vendor.Delay(1500 * time.Millisecond)
	send := func(s *blackbox.Server) chan int {
		status := make(chan int, 1)
		spelt, _ := blackbox.Phone()
		before := len(vendor.Sent())
		go func() {
			answer, err := s.Client().Try(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt})
			if err != nil {
				answer = &blackbox.Answer{}
			}
			status <- answer.Status
		}()
		blackbox.Eventually(t, 20*time.Second, "the vendor has the message", func() bool { return len(vendor.Sent()) > before })
		return status
	}

	s := app.Serve()
	status := send(s)
	s.Signal(syscall.SIGTERM)
	require.Equal(t, http.StatusOK, <-status, "what was in flight ends")
	require.Equal(t, 0, s.Exit())

	s = app.Serve()
	vendor.Delay(10 * time.Second)
	app.Edit("SMS/gateway/sms.json", func(config map[string]any) { config["timeout"] = 20000 })
	time.Sleep(1500 * time.Millisecond) // a change takes effect within a second
	status = send(s)
	pids := s.Plugins(2)
	s.Signal(syscall.SIGTERM)
	blackbox.Eventually(t, 5*time.Second, "it drains", func() bool { return strings.Contains(s.Log(), "draining") })
	s.Signal(syscall.SIGTERM)
	watch := pace.Start(t)
	require.Equal(t, 1, s.Exit())
	watch.Within(t, 2*time.Second)
	require.NotEqual(t, http.StatusOK, <-status)
	require.NoFileExists(t, s.Admin)
	for name, pid := range pids {
		blackbox.Eventually(t, 5*time.Second, name+" ends", func() bool { return !blackbox.Alive(pid) })
	}
}

func TestOperatorsOnTCPNeedTheToken(t *testing.T) {
	t.Parallel()
	s := blackbox.Example(t).Serve(blackbox.Start{
		Args: []string{"--admin", "127.0.0.1:0"}, Env: []string{"LINTEL_ADMIN_TOKEN=a-token-for-operators"},
	})
	for token, want := range map[string]int{"": 401, "wrong": 401, "a-token-for-operators": 200} {
		request, err := http.NewRequest(http.MethodGet, s.Admin+"/status", nil)
		require.NoError(t, err)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, want, resp.StatusCode, token)
	}
	address := strings.TrimPrefix(s.Admin, "http://")
	require.Equal(t, 0, blackbox.Lintel(t, t.TempDir(), []string{"LINTEL_ADMIN_TOKEN=a-token-for-operators"}, "status", "--admin", address).Code)
	require.Equal(t, 1, blackbox.Lintel(t, t.TempDir(), nil, "status", "--admin", address).Code)
}

func TestAPortInUseIsAFailureNotAProblem(t *testing.T) {
	t.Parallel()
	s := blackbox.Example(t).Serve()
	out := blackbox.Lintel(t, t.TempDir(), nil, "serve", blackbox.Example(t).Dir, "--dev", "--listen", strings.TrimPrefix(s.URL, "http://"))
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "--listen")
}
