package blackbox_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

func TestScaffoldsAreValid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		out := blackbox.Lintel(t, dir, nil, args...)
		require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)
	}
	run("new", "app", "shop", "--id", "acme.shop", "--title", "Acme")
	run("new", "instance", "SMS.ali", "SMS.Aliyun", "--app", "shop")
	out := blackbox.Lintel(t, dir, nil, "validate", "shop", "--dev")
	require.Equal(t, 1, out.Code, "nothing made up stands for a key")
	require.Contains(t, out.Stdout, "variable ALI_ACCESS_KEY has no value, or an empty one: set it in the environment or in .env")
	// values gives every variable of a new instance one that its schema takes.
	values := func() {
		var env strings.Builder
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, "shop"), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Base(path) != "e.json" {
				return err
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NotContains(t, string(text), "set-")
			var e struct {
				Variables []struct{ Name, Default string }
			}
			require.NoError(t, json.Unmarshal(text, &e))
			for _, v := range e.Variables {
				value := "x1"
				switch {
				case v.Default != "":
					continue
				case strings.Contains(v.Name, "REDIS"):
					value = "redis://127.0.0.1:6379"
				case strings.Contains(v.Name, "POSTGRES"):
					value = "postgres://u:p@127.0.0.1/x"
				case strings.HasSuffix(v.Name, "_URL"):
					value = "https://sms.example.com/send"
				}
				env.WriteString(v.Name + "=" + value + "\n")
			}
			return nil
		}))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "shop", ".env"), []byte(env.String()), 0o600))
	}
	values()
	run("new", "instance", "auths.loginTypes.other", "auths.loginTypes.PhoneType", "--app", "shop")
	run("new", "instance", "corps.acme", "corps.NormalType", "--app", "shop")
	run("validate", "shop", "--dev")
	run("new", "app", "plain")
	run("validate", "plain", "--dev")

	out = blackbox.Lintel(t, dir, nil, "elements", "shop", "--json")
	var elements []struct{ FullName, Rank string }
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &elements))
	for _, e := range elements {
		if e.Rank == "type" {
			run("new", "instance", "each."+strings.ReplaceAll(e.FullName, ".", "_"), e.FullName, "--app", "shop")
		}
	}
	values()
	run("validate", "shop", "--dev")

	out = blackbox.Lintel(t, dir, nil, "new", "instance", "SMS.aliyun", "SMS.Aliyun", "--app", "shop")
	require.Equal(t, 2, out.Code)
	require.Contains(t, out.Stderr, "differs in case alone from SMS.Aliyun")
	out = blackbox.Lintel(t, dir, nil, "new", "instance", "SMS.mine", "SMS.Aliyn", "--app", "shop")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "did you mean SMS.Aliyun?")

	out = blackbox.Lintel(t, dir, nil, "new", "type", "SMS.Mine", "--meta", "SMS.Nothing", "--app", "shop")
	require.Equal(t, 1, out.Code)
	require.NoDirExists(t, filepath.Join(dir, "shop", "SMS", "Mine"))
	out = blackbox.Lintel(t, dir, nil, "new", "type", "SMS.Mine", "--app", "shop", "--json")
	var paths []string
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &paths))
	require.Contains(t, paths, "shop/SMS/Mine/e.json")
	out = blackbox.Lintel(t, dir, nil, "new", "instance", "SMS.ali", "SMS.Aliyun", "--app", "shop")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "is there already")
	out = blackbox.Lintel(t, dir, nil, "new", "instance", "SMS.x", "SMS.Nothing", "--app", "shop")
	require.Equal(t, 1, out.Code)
}

// The Type that "new type" writes builds, describes itself and sends.
func TestANewTypeBuildsAndServes(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	out := blackbox.Lintel(t, app.Dir, nil, "new", "type", "SMS.Acme")
	require.Equal(t, 0, out.Code, out.Stderr)

	// Built as a package of this module, since a module of its own would need the
	// network.
	source, err := os.ReadFile(filepath.Join(app.Dir, "SMS/Acme/main.go"))
	require.NoError(t, err)
	scratch, err := os.MkdirTemp(filepath.Join(blackbox.Root(), "test", "blackbox"), "testdata-")
	require.NoError(t, err)
	defer os.RemoveAll(scratch)
	require.NoError(t, os.WriteFile(filepath.Join(scratch, "main.go"), source, 0o644))
	executable := filepath.Join(app.Dir, "SMS/Acme/acme")
	build := exec.Command("go", "build", "-o", executable, ".")
	build.Dir = scratch
	text, err := build.CombinedOutput()
	require.NoError(t, err, string(text))
	described, err := exec.Command(executable, "describe").Output()
	require.NoError(t, err)
	app.Write("SMS/Acme/acme.types.json", string(described))

	out = blackbox.Lintel(t, app.Dir, nil, "new", "instance", "SMS.scaffolded", "SMS.Acme")
	require.Equal(t, 0, out.Code, out.Stderr)
	written, err := os.ReadFile(filepath.Join(app.Dir, "SMS/scaffolded/sms.json"))
	require.NoError(t, err)
	require.Contains(t, string(written), `"url"`, "the required keys are there to be filled in")
	app.Remove("SMS/scaffolded")

	var messages atomic.Int64
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		messages.Add(1)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer vendor.Close()
	app.Write("SMS/acme1/e.json", `{"title": "Acme", "type": "SMS.Acme", "backendBundleEntry": "."}`)
	app.WriteJSON("SMS/acme1/sms.json", map[string]any{"url": vendor.URL, "key": "k"})
	app.SetLogin(map[string]any{"smsFullName": "SMS.acme1"})
	out = blackbox.Lintel(t, app.Dir, nil, "validate")
	require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)
	s := app.Serve()
	spelt, _ := blackbox.Phone()
	s.Client().Send(spelt).OK(t)
	require.EqualValues(t, 1, messages.Load())
}

func TestCallIsTheGoAPI(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	out := blackbox.Lintel(t, app.Dir, nil, "call", blackbox.Login, "getLoginConfig", "--dev")
	require.Equal(t, 0, out.Code, out.Stderr)
	var config map[string]any
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &config))
	require.Equal(t, 6.0, config["codeLength"])

	// Nobody can call this over HTTP.
	out = blackbox.Lintel(t, app.Dir, nil, "call", app.Dir, "SMS.devOutbox", "sendMessage", `["+8613800138000"]`, `{"code":"123456"}`, "T", "--dev")
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Contains(t, out.Stdout, `"vendor": "Outbox"`)

	out = blackbox.Lintel(t, app.Dir, nil, "call", blackbox.Login, "sendMessage", "--args", `{"phone":"12"}`, "--dev", "--json")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, `"code": "PHONE_INVALID"`)
	out = blackbox.Lintel(t, app.Dir, nil, "call", filepath.Join(app.Dir, "nowhere"), blackbox.Login, "getLoginConfig")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "the app's directory can't be read", "a path is an app")
	out = blackbox.Lintel(t, app.Dir, []string{"LINTEL_DEV=1", `LINTEL_ARGS={"phone":"12"}`, "LINTEL_JSON=1"}, "call", blackbox.Login, "sendMessage")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stdout, `"code": "PHONE_INVALID"`, "every flag can be a variable")
	out = blackbox.Lintel(t, app.Dir, nil, "call", "SMS.nobody", "sendMessage", "--dev")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "ELEMENT_NOT_FOUND")
}

func TestRotatingKeysLosesNoToken(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	s := app.Serve()
	before := s.Register()
	out := blackbox.Lintel(t, app.Dir, nil, "keys", "rotate", "--dev", "--json")
	require.Equal(t, 0, out.Code, out.Stderr)
	var key struct{ KID string }
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &key))
	require.NotEmpty(t, key.KID)
	before.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	s.Stop()
	s = app.Serve()
	s.Client().Bearer(before.AccessToken).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	s.Register().Call(blackbox.Sessions, "currentUser", nil).OK(t)
}

func TestARevokedKeyIsRefused(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	s := app.Serve()
	p := s.Register()
	type key struct{ KID, State string }
	keys := func(want int, args ...string) (list []key) {
		t.Helper()
		out := blackbox.Lintel(t, app.Dir, nil, append([]string{"keys"}, append(args, "--dev", "--json")...)...)
		require.Equal(t, want, out.Code, out.Stderr)
		if args[0] == "list" {
			require.NoError(t, json.Unmarshal([]byte(out.Stdout), &list))
		}
		return list
	}
	list := keys(0, "list")
	require.Len(t, list, 1)
	require.Equal(t, "signs", list[0].State)
	keys(1, "revoke", "no-such-key")
	keys(2, "revoke")
	keys(0, "revoke", list[0].KID)
	blackbox.Eventually(t, 30*time.Second, "the server refuses its tokens", func() bool {
		return p.Call(blackbox.Sessions, "currentUser", nil).Is("LOGIN_REQUIRED")
	})
	out := p.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": p.RefreshToken}).OK(t)
	s.Client().Bearer(out.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.NotEqual(t, list[0].KID, keys(0, "list")[0].KID)
}

func TestListings(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	out := blackbox.Lintel(t, app.Dir, nil, "elements", "--json")
	require.Equal(t, 0, out.Code, out.Stderr)
	var elements []struct{ FullName, Rank string }
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &elements))
	ranks := make(map[string]string)
	for _, e := range elements {
		ranks[e.FullName] = e.Rank
	}
	require.Equal(t, "instance", ranks[blackbox.Login])
	require.Equal(t, "type", ranks["auths.loginTypes.PhoneType"])
	require.Equal(t, "meta", ranks["SMS.Meta"])
	require.NoDirExists(t, filepath.Join(app.Dir, "appData"), "listing writes nothing")

	out = blackbox.Lintel(t, t.TempDir(), nil, "types", "--json")
	require.Equal(t, 0, out.Code, out.Stderr)
	var types []struct{ Name, Executable string }
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &types))
	executables := make(map[string]string)
	for _, typ := range types {
		executables[typ.Name] = typ.Executable
	}
	require.Equal(t, "lintel-types", executables["SMS.Http"])
	require.Equal(t, "builtin", executables["caches.RedisType"])

	out = blackbox.Lintel(t, app.Dir, nil, "doctor", "--dev", "--json")
	require.Equal(t, 0, out.Code, out.Stdout)
}

func TestLockedRunsOnlyWhatIsPinned(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	require.Equal(t, 0, blackbox.Lintel(t, app.Dir, nil, "lock").Code)
	app.Serve(blackbox.Start{Args: []string{"--locked"}}).Register()
	require.FileExists(t, filepath.Join(app.Dir, "lintel.lock"))

	app.Write("lintel.lock", "{}\n")
	s, err := app.Begin(blackbox.Start{Args: []string{"--locked"}})
	require.NoError(t, err)
	if s.Await() != nil {
		require.Equal(t, 1, s.Exit())
		return // refusing a lock that pins nothing is fine, too
	}
	spelt, _ := blackbox.Phone()
	s.Client().Send(spelt).Fails(t, 503, "ELEMENT_UNAVAILABLE")
}

// The official Types' description is pinned like any other. A changed one could let
// strangers call what needs a user.
func TestLockedRefusesAChangedDescription(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"lintel-types", "lintel-types.types.json"} {
		text, err := os.ReadFile(filepath.Join(blackbox.Bin(t), name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o755))
	}
	app := blackbox.Example(t)
	require.Equal(t, 0, blackbox.Lintel(t, app.Dir, nil, "lock", "--plugin-dir", dir).Code)
	how := blackbox.Start{Args: []string{"--locked", "--plugin-dir", dir}}
	app.Serve(how).Register()

	file := filepath.Join(dir, "lintel-types.types.json")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	changed := strings.Replace(string(text), `"loginRequired": true`, `"loginRequired": false`, 1)
	require.NotEqual(t, string(text), changed)
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o644))
	s := app.Serve(how)
	spelt, _ := blackbox.Phone()
	s.Client().Send(spelt).Fails(t, 503, "ELEMENT_UNAVAILABLE")
	_, body := s.Operator("/readyz")
	require.Contains(t, body, "lintel.lock pins")
}
