package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	_ "github.com/lintel-run/lintel/elements/standard"
	"github.com/lintel-run/lintel/internal/figure"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

// demoDir holds the demo plugin, its description, and a second build of it.
var demoDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "lintel-demo")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		demoDir = dir
		// A family with a host service may call other elements.
		element.RegisterHostService(element.HostService{
			Meta:     "demo.Meta",
			Open:     func(element.Env) (any, error) { return nil, nil },
			Register: func(grpc.ServiceRegistrar, any) {},
		})
		build("demo", "1")
		build("demo2", "2")
		code := m.Run()
		if code == 0 {
			if err := goleak.Find(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return code
	}())
}

func build(name, version string) {
	path := filepath.Join(demoDir, name)
	out, err := exec.Command("go", "build", "-o", path, "-ldflags", "-X main.version="+version, "./testdata/demo").CombinedOutput()
	if err != nil {
		panic(string(out))
	}
	description, err := exec.Command(path, "describe").Output()
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(path+".types.json", description, 0o600); err != nil {
		panic(err)
	}
}

// demoApp writes an app with one Type, "./echo", and two instances of it.
func demoApp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "app.json", `{"appId": "test.demo", "title": "Demo"}`)
	write(t, dir, "demo/Meta/e.json", `{"title": "Demos", "type": ""}`)
	write(t, dir, "demo/EchoType/e.json", `{"title": "Echo", "type": "demo.Meta", "backendBundleEntry": "./echo"}`)
	install(t, dir, "demo")
	instance(t, dir, "demo/one", `{"greeting": "hello", "other": "demo.two", "key": "s3cret"}`)
	instance(t, dir, "demo/two", `{"greeting": "good day"}`)
	return dir
}

func instance(t *testing.T, dir, path, config string) {
	t.Helper()
	write(t, dir, path+"/e.json", `{"title": "An echo", "type": "demo.EchoType", "frontBundleEntry": "config.json"}`)
	write(t, dir, path+"/config.json", config)
}

// install puts a build of the demo plugin in the Type's directory in one step.
func install(t *testing.T, dir, name string) {
	t.Helper()
	for _, suffix := range []string{".types.json", ""} {
		from, err := os.ReadFile(filepath.Join(demoDir, name+suffix))
		require.NoError(t, err)
		to := filepath.Join(dir, "demo/EchoType/echo"+suffix)
		require.NoError(t, os.WriteFile(to+".new", from, 0o755))
		require.NoError(t, os.Rename(to+".new", to))
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func open(t *testing.T, dir string, opts ...runtime.Option) *runtime.App {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	app, err := runtime.Open(t.Context(), dir, append([]runtime.Option{runtime.WithLogger(log)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, app.Close()) })
	return app
}

func get(t *testing.T, app *runtime.App, name string) *runtime.Element {
	t.Helper()
	el, err := app.GetElement(name)
	require.NoError(t, err)
	return el
}

// eventually waits for what a file change brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 30*time.Second, 10*time.Millisecond, what)
}

// problem returns the problem of an element, nil if there is none.
func problem(app *runtime.App, name string) *runtime.Problem {
	for _, p := range app.Problems() {
		if p.Element == name {
			return &p
		}
	}
	return nil
}

func say(t *testing.T, el *runtime.Element) string {
	t.Helper()
	out, err := el.Call(t.Context(), "say", "you")
	if err != nil {
		return err.Error()
	}
	return out.(string)
}

func TestElementsAreFoundAndCalled(t *testing.T) {
	app := open(t, demoApp(t))
	one := get(t, app, "demo.one")
	require.Equal(t, "demo.one", fmt.Sprint(one))
	require.Equal(t, "hello you", say(t, one))
	named, err := one.Call(t.Context(), "say", runtime.Args{"text": "all"})
	require.NoError(t, err)
	require.Equal(t, "hello all", named)

	version, err := one.Get(t.Context(), "version")
	require.NoError(t, err)
	require.Equal(t, "1", version)
	config, err := one.Get(t.Context(), "config")
	require.NoError(t, err)
	require.Equal(t, "hello", config.(map[string]any)["greeting"])
	require.NotContains(t, fmt.Sprint(config), "s3cret")

	for name, fails := range map[string]struct {
		do   func() error
		code errcode.Code
	}{
		"no element":           {func() error { _, err := app.GetElement("demo.none"); return err }, errcode.ElementNotFound},
		"no function":          {func() error { _, err := one.Call(t.Context(), "sing"); return err }, errcode.FunctionNotFound},
		"no property":          {func() error { _, err := one.Get(t.Context(), "age"); return err }, errcode.FunctionNotFound},
		"wrong type":           {func() error { _, err := one.Call(t.Context(), "say", 1); return err }, errcode.Params},
		"a Type is no callee":  {func() error { _, err := get(t, app, "demo.EchoType").Call(t.Context(), "say", "x"); return err }, errcode.FunctionNotFound},
		"whatever it is given": {func() error { _, err := get(t, app, "demo.EchoType").Call(t.Context(), "say", 1); return err }, errcode.FunctionNotFound},
		"a caller who has gone": {func() error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := one.Call(ctx, "say", "x")
			require.ErrorIs(t, err, context.Canceled)
			return err
		}, errcode.DeadlineExceeded},
		"a panic": {func() error { _, err := one.Call(t.Context(), "panic"); return err }, errcode.Internal},
	} {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, fails.do(), fails.code) })
	}
	require.Equal(t, "hello you", say(t, one), "a panic ends one call only")
}

func TestErrorsOfElementsArriveWhole(t *testing.T) {
	app := open(t, demoApp(t))
	_, err := get(t, app, "demo.one").Call(t.Context(), "fail")
	var e *runtime.Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, runtime.Error{
		Code: "DEMO_FAILED", Message: "as asked", Retryable: true,
		RetryAfter: 3 * time.Second, Details: map[string]any{"n": 1.0},
	}, *e)
}

func TestServeKeepsToTheFunctionList(t *testing.T) {
	dir := demoApp(t)
	write(t, dir, "demo/quiet/e.json", `{"title": "Quiet", "type": "demo.EchoType", "functionList": []}`)
	write(t, dir, "demo/quiet/config.json", `{"greeting": "psst"}`)
	write(t, dir, "demo/hidden/e.json", `{"title": "Hidden", "type": "demo.EchoType", "accessModifier": "private"}`)
	write(t, dir, "demo/hidden/config.json", `{"greeting": "psst"}`)
	write(t, dir, "demo/broken/e.json", `{"title": "Broken", "type": "demo.EchoType", "accessModifier": "private"}`)
	write(t, dir, "demo/broken/config.json", `{`)
	app := open(t, dir)
	ctx := t.Context()
	signedIn := runtime.WithCaller(ctx, runtime.Caller{UserID: "u1"})
	serve := func(ctx context.Context, name, function string, args runtime.Args) error {
		changes, admitted := get(t, app, name).Admit(ctx, function, args)
		_, err := get(t, app, name).Serve(ctx, function, args)
		require.Equal(t, errcode.Of(err), errcode.Of(admitted))
		require.False(t, changes)
		return err
	}
	require.NoError(t, serve(ctx, "demo.one", "say", runtime.Args{"text": "x"}))
	require.ErrorIs(t, serve(ctx, "demo.one", "wait", runtime.Args{"milliseconds": 1.0}), errcode.LoginRequired)
	require.NoError(t, serve(signedIn, "demo.one", "wait", runtime.Args{"milliseconds": 1.0}))
	require.ErrorIs(t, serve(signedIn, "demo.one", "die", nil), errcode.Forbidden)
	require.ErrorIs(t, serve(signedIn, "demo.quiet", "say", runtime.Args{"text": "x"}), errcode.Forbidden)
	for _, private := range []string{"demo.hidden", "demo.broken"} {
		require.ErrorIs(t, serve(signedIn, private, "say", runtime.Args{"text": "x"}), errcode.ElementNotFound)
		define, err := app.GetElementDefine(private)
		require.NoError(t, err)
		require.Empty(t, define.Functions, "none is called from outside")
	}
}

func TestAnElementReachesOnlyWhatItsConfigurationNames(t *testing.T) {
	app := open(t, demoApp(t))
	one := get(t, app, "demo.one")
	out, err := one.Call(t.Context(), "other", "friend")
	require.NoError(t, err)
	require.Equal(t, "good day friend", out)
	_, err = get(t, app, "demo.two").Call(t.Context(), "ask", "demo.one", "friend")
	require.ErrorIs(t, err, errcode.Forbidden)
}

func TestAChangedConfigurationIsInUseWithinASecond(t *testing.T) {
	dir := demoApp(t)
	app := open(t, dir)
	one := get(t, app, "demo.one")
	require.Equal(t, "hello you", say(t, one))
	watch := pace.Start(t)
	write(t, dir, "demo/one/config.json", `{"greeting": "moin"}`)
	eventually(t, "the new greeting", func() bool { return say(t, one) == "moin you" })
	watch.Within(t, time.Second)
}

func TestBrokenChangesKeepTheLastGoodGeneration(t *testing.T) {
	dir := demoApp(t)
	app := open(t, dir)
	one := get(t, app, "demo.one")
	require.Equal(t, "hello you", say(t, one))
	for name, config := range map[string]string{
		"no JSON":             `{"greeting": `,
		"against the schema":  `{"greting": "x"}`,
		"refused by its Type": `{"greeting": "x", "refuse": true}`,
		"a dead reference":    `{"greeting": "x", "other": "demo.none"}`,
	} {
		t.Run(name, func(t *testing.T) {
			write(t, dir, "demo/one/config.json", config)
			eventually(t, "a problem that names the element", func() bool {
				p := problem(app, "demo.one")
				return p != nil && p.Serving
			})
			require.Equal(t, "hello you", say(t, one))
			write(t, dir, "demo/one/config.json", `{"greeting": "hello"}`)
			eventually(t, "no problem", func() bool { return problem(app, "demo.one") == nil })
		})
	}
}

func TestARemovedElementGoesAndComesBack(t *testing.T) {
	dir := demoApp(t)
	app := open(t, dir)
	two := get(t, app, "demo.two")
	require.Equal(t, "good day you", say(t, two))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "demo/two")))
	write(t, dir, "demo/one/config.json", `{"greeting": "hello"}`)
	eventually(t, "the element is gone", func() bool { _, err := app.GetElement("demo.two"); return err != nil })
	_, err := two.Call(t.Context(), "say", "x")
	require.ErrorIs(t, err, errcode.ElementNotFound)
	instance(t, dir, "demo/two", `{"greeting": "again"}`)
	eventually(t, "an old handle serves again", func() bool { return say(t, two) == "again you" })
}

func TestAnElementBrokenAtStartIsUnavailableAndTheRestServes(t *testing.T) {
	dir := demoApp(t)
	write(t, dir, "demo/two/config.json", `{}`)
	app := open(t, dir)
	_, err := get(t, app, "demo.two").Call(t.Context(), "say", "x")
	e, ok := errcode.As(err)
	require.True(t, ok)
	require.Equal(t, errcode.ElementUnavailable, e.Code)
	require.Equal(t, errcode.OutcomeNotExecuted, e.Details["outcome"])
	require.Equal(t, "hello you", say(t, get(t, app, "demo.one")))
}

func TestACrashCostsTheCallsInFlightAndNothingElse(t *testing.T) {
	app := open(t, demoApp(t))
	one := get(t, app, "demo.one")
	require.Equal(t, "hello you", say(t, one))
	_, err := one.Call(t.Context(), "die")
	e, ok := errcode.As(err)
	require.True(t, ok)
	require.Equal(t, errcode.ElementUnavailable, e.Code)
	require.Equal(t, errcode.OutcomeUnknown, e.Details["outcome"])
	eventually(t, "the Type serves again", func() bool { return say(t, one) == "hello you" })
}

func TestSwappingConfigurationsAndExecutablesUnderLoadFailsNothing(t *testing.T) {
	dir := demoApp(t)
	app := open(t, dir)
	one := get(t, app, "demo.one")
	require.Equal(t, "hello you", say(t, one))

	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var calls, failures atomic.Int64
	for range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				out, err := one.Call(context.Background(), "say", "you")
				calls.Add(1)
				if err != nil || (out != "hello you" && out != "moin you") {
					failures.Add(1)
					t.Log(out, err)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	greetings := []string{"moin", "hello"}
	for i := range 6 {
		greeting := greetings[i%2]
		write(t, dir, "demo/one/config.json", fmt.Sprintf(`{"greeting": %q}`, greeting))
		eventually(t, "the new greeting", func() bool { return say(t, one) == greeting+" you" })
		if i%3 == 0 {
			install(t, dir, fmt.Sprintf("demo%s", []string{"2", ""}[(i/3)%2]))
			want := []string{"2", "1"}[(i/3)%2]
			eventually(t, "the new executable", func() bool {
				version, _ := one.Get(ctx, "version")
				return version == want
			})
		}
	}
	cancel()
	wg.Wait()
	require.Zero(t, failures.Load())
	require.Greater(t, calls.Load(), int64(100))
}

func TestACallEndsAtItsDeadline(t *testing.T) {
	app := open(t, demoApp(t))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := get(t, app, "demo.one").Call(ctx, "wait", 60_000)
	require.ErrorIs(t, err, errcode.DeadlineExceeded)
	require.Less(t, time.Since(start), 30*time.Second)
}

func TestLockedRefusesWhatIsNotPinned(t *testing.T) {
	dir := demoApp(t)
	require.NoError(t, runtime.Lock(dir))
	var lock struct{ Types map[string]string }
	text, err := os.ReadFile(filepath.Join(dir, "lintel.lock"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &lock))
	require.Len(t, lock.Types["demo.EchoType"], 64)

	app := open(t, dir, runtime.WithLocked(), runtime.WithDataDir(t.TempDir()))
	require.Equal(t, "hello you", say(t, get(t, app, "demo.one")))

	install(t, dir, "demo2")
	other := open(t, dir, runtime.WithLocked(), runtime.WithDataDir(t.TempDir()))
	_, err = get(t, other, "demo.one").Call(t.Context(), "say", "x")
	require.ErrorIs(t, err, errcode.ElementUnavailable)
}

func TestFindElements(t *testing.T) {
	app := open(t, demoApp(t))
	names := func(selector string) []string {
		found, err := app.FindElements(selector)
		require.NoError(t, err)
		var list []string
		for _, el := range found {
			list = append(list, el.FullName())
		}
		return list
	}
	require.Equal(t, []string{"demo.one", "demo.two"}, names(".demo.Meta"))
	require.Equal(t, []string{"demo.EchoType", "demo.Meta", "demo.one", "demo.two"}, names("demo.*"))
	_, err := app.FindElements("??")
	require.ErrorIs(t, err, errcode.Params)
	require.ErrorContains(t, err, `a selector is ".Type"`)
}

func TestOpenFailsForABadAppJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "app.json", `{"title": "no id"}`)
	_, err := runtime.Open(t.Context(), dir)
	require.EqualError(t, err, `app.json:1: "appId" is required`)
	require.ErrorIs(t, err, errcode.Params, "errors have a code of the contract")
	problems, err := runtime.Validate(dir)
	require.NoError(t, err)
	require.NotEmpty(t, problems)
}

func TestValidateStartsNothing(t *testing.T) {
	dir := demoApp(t)
	write(t, dir, "demo/two/config.json", "{\n  \"greting\": \"x\"\n}")
	problems, err := runtime.Validate(dir)
	require.NoError(t, err)
	var found bool
	for _, p := range problems {
		if p.Element == "demo.two" && p.Line == 2 && p.Pointer == "/greting" {
			found = bytes.Contains([]byte(p.Message), []byte("greeting"))
		}
	}
	require.True(t, found, "%+v", problems)
	require.NoDirExists(t, filepath.Join(dir, "appData"))
}

func BenchmarkGetElement(b *testing.B) {
	dir := b.TempDir()
	for i := range 10_000 {
		path := filepath.Join(dir, "many", fmt.Sprintf("m%d", i))
		require.NoError(b, os.MkdirAll(path, 0o755))
		require.NoError(b, os.WriteFile(filepath.Join(path, "e.json"), []byte(`{"title": "M", "type": ""}`), 0o600))
	}
	require.NoError(b, os.WriteFile(filepath.Join(dir, "app.json"), []byte(`{"appId": "test.many"}`), 0o600))
	app, err := runtime.Open(b.Context(), dir, runtime.WithoutWatch(), runtime.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(b, err)
	defer app.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := app.GetElement("many.m5000"); err != nil {
			b.Fatal(err)
		}
	}
	figure.AtMost(b, "ns/look-up", float64(b.Elapsed().Nanoseconds())/float64(b.N), 50)
	figure.AtMost(b, "allocs/look-up", testing.AllocsPerRun(1000, func() { _, _ = app.GetElement("many.m5000") }), 0)
}
