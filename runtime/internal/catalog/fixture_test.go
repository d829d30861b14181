package catalog

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

// smsTypes describes the Types of the executable that the tests' library names.
const smsTypes = `{"types":[
 {"name":"SMS.Http","configFile":"sms.json","functions":[{"name":"sendMessage","exposed":true},{"name":"ping"}],
  "configSchema":"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],\"properties\":{\"url\":{\"type\":\"string\",\"minLength\":1},\"timeout\":{\"type\":\"integer\",\"minimum\":1},\"secret\":{\"type\":\"string\",\"writeOnly\":true},\"note\":{\"type\":\"string\"},\"flag\":{\"enum\":[0,1]},\"list\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"nested\":{\"type\":\"object\",\"properties\":{\"alpha\":{\"type\":\"string\"},\"beta\":{\"type\":\"number\"}}}}}"},
 {"name":"PhoneType","functions":[{"name":"sendMessage","exposed":true},{"name":"bind","exposed":true,"loginRequired":true},{"name":"inner"}],
  "configSchema":"{\"type\":\"object\",\"required\":[\"smsFullName\"],\"properties\":{\"smsFullName\":{\"type\":\"string\",\"x-element\":\"SMS.Meta\"},\"allowRegister\":{\"type\":\"integer\",\"enum\":[0,1]}}}"}
]}`

// library is the official library of the tests.
func library() fstest.MapFS {
	lib := fstest.MapFS{}
	for name, text := range map[string]string{
		"SMS/Meta/e.json":                   `{"title":"SMS","type":"","functionList":[],"accessModifier":"protected"}`,
		"SMS/Http/e.json":                   `{"title":"HTTP","type":"SMS.Meta","backendBundleEntry":"plugin"}`,
		"auths/loginTypes/Meta/e.json":      `{"title":"Login","type":""}`,
		"auths/loginTypes/PhoneType/e.json": `{"title":"Phone","type":"auths.loginTypes.Meta","backendBundleEntry":"plugin","backendLoadTime":"afterAppInit"}`,
	} {
		lib[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return lib
}

// app is an app directory that a test writes, with a clock of its own.
type app struct {
	t       *testing.T
	dir     string
	plugins string
	cfg     Config
	loader  *Loader
	clock   time.Time
}

const appJSON = `{"appId":"org.app","title":"The app"}`

func newApp(t *testing.T, files map[string]string) *app {
	t.Helper()
	base := t.TempDir()
	a := &app{t: t, dir: filepath.Join(base, "app"), plugins: filepath.Join(base, "plugins"), clock: time.Now().Add(time.Hour)}
	require.NoError(t, os.MkdirAll(a.dir, 0o755))
	require.NoError(t, os.MkdirAll(a.plugins, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "plugin"), []byte("code"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "plugin.types.json"), []byte(smsTypes), 0o644))
	a.write("app.json", appJSON)
	for name, text := range files {
		a.write(name, text)
	}
	a.cfg = Config{Root: a.dir, Library: library(), PluginDirs: []string{a.plugins}, Logger: slog.New(slog.DiscardHandler),
		LookupEnv: func(string) (string, bool) { return "", false }}
	return a
}

func (a *app) write(name, text string) {
	a.t.Helper()
	name = filepath.Join(a.dir, filepath.FromSlash(name))
	require.NoError(a.t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(a.t, os.WriteFile(name, []byte(text), 0o644))
}

func (a *app) remove(name string) {
	a.t.Helper()
	require.NoError(a.t, os.RemoveAll(filepath.Join(a.dir, filepath.FromSlash(name))))
}

// load makes the first snapshot.
func (a *app) load() *Snapshot {
	a.t.Helper()
	l, err := New(a.cfg)
	require.NoError(a.t, err)
	a.loader = l
	l.now = func() time.Time { return a.clock }
	a.t.Cleanup(func() { _ = l.Close() })
	return l.Load(context.Background())
}

// reload is the next look, a while later.
func (a *app) reload(after time.Duration) *Snapshot {
	a.clock = a.clock.Add(after)
	return a.loader.Load(context.Background())
}

// failure is the error of New.
func (a *app) failure() problem.List {
	a.t.Helper()
	_, err := New(a.cfg)
	require.Error(a.t, err)
	var problems problem.List
	require.ErrorAs(a.t, err, &problems)
	return problems
}

// only returns the one problem of a snapshot.
func only(t *testing.T, s *Snapshot) problem.Problem {
	t.Helper()
	require.Len(t, s.Problems, 1, "%v", s.Problems)
	return s.Problems[0]
}

// fine fails the test when a snapshot has problems.
func fine(t *testing.T, s *Snapshot) *Snapshot {
	t.Helper()
	require.Empty(t, s.Problems)
	return s
}

// sms are the files of an instance of SMS.Http.
func sms(dir, config string) map[string]string {
	return map[string]string{dir + "/e.json": `{"title":"An SMS","type":"SMS.Http"}`, dir + "/sms.json": config}
}

func with(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, files := range all {
		for name, text := range files {
			out[name] = text
		}
	}
	return out
}

func names(elements []*Element) string {
	all := make([]string, len(elements))
	for i, e := range elements {
		all[i] = e.FullName
	}
	return strings.Join(all, " ")
}

var _ fs.FS = fstest.MapFS{}
