package blackbox_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	pids := s.Plugins()
	require.NotEmpty(t, pids)
	s.Signal(syscall.SIGTERM)
	require.Equal(t, 0, s.Exit())
	require.NoFileExists(t, s.Admin)
	for name, pid := range pids {
		require.False(t, blackbox.Alive(pid), name)
	}
}

func TestKillingTheHostEndsItsPlugins(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	s := app.Serve()
	s.Register()
	pids := s.Plugins()
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
		{"a secret that is too short", nil, []string{"LINTEL_SECRET=c2hvcnQ="}, 1, "secret"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := blackbox.Example(t)
			if test.change != nil {
				test.change(app)
			}
			out := blackbox.Lintel(t, t.TempDir(), test.args, "serve", app.Dir, "--listen", "127.0.0.1:0", "--dev")
			require.Equal(t, test.code, out.Code, out.Stderr)
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
	out := blackbox.Lintel(t, t.TempDir(), nil, "validate", filepath.Join(blackbox.Root(), "app.example"))
	require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)
	require.Contains(t, out.Stdout, "0 errors, 0 warnings")
}
