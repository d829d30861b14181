package runtime_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
)

// tamper changes a description: functions that need a user no longer do.
func tamper(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var value map[string]any
	require.NoError(t, json.Unmarshal(text, &value))
	for _, typ := range value["types"].([]any) {
		for _, f := range typ.(map[string]any)["functions"].([]any) {
			f.(map[string]any)["exposed"] = true
			delete(f.(map[string]any), "loginRequired")
		}
	}
	changed, err := json.Marshal(value)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".new", changed, 0o644))
	require.NoError(t, os.Rename(path+".new", path))
}

// A lock pins the description beside an executable, too: who may call what, and what a
// configuration may hold, follow from it. That goes for derived Types and for scripts.
func TestLockedRefusesAChangedDescription(t *testing.T) {
	dir := demoApp(t)
	write(t, dir, "demo/Derived/e.json", `{"title": "Derived", "type": "demo.EchoType"}`)
	write(t, dir, "demo/Derived/defaults.json", `{}`)
	write(t, dir, "demo/three/e.json", `{"title": "three", "type": "demo.Derived", "frontBundleEntry": "config.json"}`)
	write(t, dir, "demo/three/config.json", `{"greeting": "hi"}`)
	script, err := os.ReadFile(filepath.Join(dir, "demo/EchoType/echo"))
	require.NoError(t, err)
	write(t, dir, "demo/Script/bin", string(script))
	require.NoError(t, os.Chmod(filepath.Join(dir, "demo/Script/bin"), 0o755))
	write(t, dir, "demo/Script/run.sh", "exec \"$(dirname \"$0\")/bin\"\n")
	description, err := os.ReadFile(filepath.Join(dir, "demo/EchoType/echo.types.json"))
	require.NoError(t, err)
	write(t, dir, "demo/Script/run.sh.types.json", string(bytes.ReplaceAll(description, []byte("EchoType"), []byte("Script"))))
	write(t, dir, "demo/Script/e.json", `{"title": "Script", "type": "demo.Meta", "backendBundleEntry": "./run.sh", "interpreter": "sh"}`)
	require.NoError(t, runtime.Lock(dir))
	var lock struct{ Types, Descriptions map[string]string }
	text, err := os.ReadFile(filepath.Join(dir, "lintel.lock"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &lock))
	require.Len(t, lock.Descriptions["demo.EchoType"], 64)
	require.Len(t, lock.Descriptions["demo.Script"], 64)

	// While it runs, what was pinned goes on as it was.
	app := open(t, dir, runtime.WithLocked(), runtime.WithDataDir(t.TempDir()))
	require.Equal(t, "hello you", say(t, get(t, app, "demo.one")))
	before, err := app.GetElementDefine("demo.three")
	require.NoError(t, err)
	for _, file := range []string{"demo/EchoType/echo.types.json", "demo/Script/run.sh.types.json"} {
		tamper(t, filepath.Join(dir, file))
	}
	refused := func(app *runtime.App) (files []string) {
		for _, p := range app.Problems() {
			if p.Code == "description" {
				require.Contains(t, p.Message, "lintel lock")
				files = append(files, p.Element)
			}
		}
		return files
	}
	require.Eventually(t, func() bool { return len(refused(app)) == 2 }, 30*time.Second, 10*time.Millisecond, "nobody says why")
	require.Equal(t, "hello you", say(t, get(t, app, "demo.one")))
	require.Equal(t, "hi you", say(t, get(t, app, "demo.three")))
	after, err := app.GetElementDefine("demo.three")
	require.NoError(t, err)
	require.Equal(t, before.Functions, after.Functions)

	// At start there is nothing good.
	other := open(t, dir, runtime.WithLocked(), runtime.WithDataDir(t.TempDir()))
	require.Len(t, refused(other), 2)
	for _, name := range []string{"demo.one", "demo.three"} {
		_, err = get(t, other, name).Call(t.Context(), "say", "x")
		require.ErrorIs(t, err, errcode.ElementUnavailable)
	}
	require.Equal(t, "hello you", say(t, get(t, open(t, dir, runtime.WithDataDir(t.TempDir())), "demo.one")), "not locked")

	// Pinned again, it is used. The lock of an older version pins executables alone.
	require.NoError(t, runtime.Lock(dir))
	require.Empty(t, refused(open(t, dir, runtime.WithLocked(), runtime.WithDataDir(t.TempDir()))))
	lock.Descriptions = nil
	delete(lock.Types, "demo.Script")
	old, err := json.Marshal(map[string]any{"version": 1, "types": lock.Types})
	require.NoError(t, err)
	write(t, dir, "lintel.lock", string(old))
	require.Equal(t, "hello you", say(t, get(t, open(t, dir, runtime.WithLocked(), runtime.WithDataDir(t.TempDir())), "demo.one")))
	// One that pins descriptions, but not this one, refuses it.
	write(t, dir, "lintel.lock", string(bytes.Replace(old, []byte(`{`), []byte(`{"descriptions":{},`), 1)))
	_, err = get(t, open(t, dir, runtime.WithLocked(), runtime.WithDataDir(t.TempDir())), "demo.one").Call(t.Context(), "say", "x")
	require.ErrorIs(t, err, errcode.ElementUnavailable)
}
