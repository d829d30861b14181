package runtime_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
)

// family writes an app below another one, which has the Type, and returns its directory.
func family(t *testing.T) (dir, base string) {
	t.Helper()
	base = demoApp(t)
	write(t, base, "app.json", `{"appId": "test.base", "version": "2.3.4"}`)
	write(t, base, "demo/two/e.json", `{"title": "Two", "type": "demo.EchoType", "accessModifier": "private"}`)
	dir = t.TempDir()
	path, err := filepath.Rel(dir, base)
	require.NoError(t, err)
	write(t, dir, "app.json", `{"appId": "test.child", "extends": [{"appId": "test.base", "version": "^2.1", "path": "`+filepath.ToSlash(path)+`"}]}`)
	return dir, base
}

// ownEcho adds an EchoType of its own to the app, from another build of the demo.
func ownEcho(t *testing.T, dir, access string) {
	t.Helper()
	write(t, dir, "demo/EchoType/e.json", `{"title": "My echo", "type": "demo.Meta", "backendBundleEntry": "./echo", "accessModifier": "`+access+`"}`)
	install(t, dir, "demo2")
}

func TestAParentsElementsReachItsPrivateElementsAndOthersDont(t *testing.T) {
	dir, base := family(t)
	app := open(t, dir)
	one := get(t, app, "demo.one")
	out, err := one.Call(t.Context(), "other", "friend")
	require.NoError(t, err)
	require.Equal(t, "good day friend", out)
	_, err = app.GetElement("demo.two")
	require.ErrorIs(t, err, errcode.ElementNotFound)

	write(t, base, "demo/two/config.json", `{"greeting": "good night"}`)
	eventually(t, "a private element's changed configuration", func() bool {
		out, err := one.Call(t.Context(), "other", "friend")
		return err == nil && out == "good night friend"
	})
	// The name is free, and whoever takes it replaces what the parents use.
	instance(t, dir, "demo/two", `{"greeting": "mine"}`)
	eventually(t, "the app's own", func() bool {
		out, err := one.Call(t.Context(), "other", "friend")
		return err == nil && out == "mine friend"
	})
	require.Equal(t, "mine you", say(t, get(t, app, "demo.two")))

}

func TestTypesOfOneNameFromTwoAppsRunBesideEachOther(t *testing.T) {
	dir, _ := family(t)
	ownEcho(t, dir, "private")
	instance(t, dir, "demo/mine", `{"greeting": "mine"}`)
	app := open(t, dir)
	version := func(name string) any {
		v, err := get(t, app, name).Get(t.Context(), "version")
		require.NoError(t, err)
		return v
	}
	require.Equal(t, "2", version("demo.mine"))
	require.Equal(t, "1", version("demo.one"), "the parent doesn't see the app's private Type")
	out, err := get(t, app, "demo.one").Call(t.Context(), "other", "friend")
	require.NoError(t, err)
	require.Equal(t, "good day friend", out)
}

func TestLockPinsWhatOnlyAParentSees(t *testing.T) {
	dir, _ := family(t)
	ownEcho(t, dir, "private")
	instance(t, dir, "demo/mine", `{"greeting": "mine"}`)
	require.NoError(t, runtime.Lock(dir))
	app := open(t, dir, runtime.WithLocked())
	require.Equal(t, "mine you", say(t, get(t, app, "demo.mine")))
	require.Equal(t, "hello you", say(t, get(t, app, "demo.one")))
}

func TestATypePutInPlaceOfAParentsTakesOverAndGivesBack(t *testing.T) {
	dir, _ := family(t)
	app := open(t, dir)
	one := get(t, app, "demo.one")
	version := func() any { v, _ := one.Get(t.Context(), "version"); return v }
	require.Equal(t, "1", version())
	ownEcho(t, dir, "public")
	eventually(t, "the app's Type serves the parent's instance", func() bool { return version() == "2" })
	eventually(t, "the parent's process has ended", func() bool { return len(app.Status(t.Context()).Plugins) == 1 })
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "demo/EchoType")))
	eventually(t, "the parent's Type again", func() bool { return version() == "1" })
	eventually(t, "the app's process has ended", func() bool { return len(app.Status(t.Context()).Plugins) == 1 })
}

func TestAnInstanceServesOnAfterItsTypeWasRemoved(t *testing.T) {
	dir := demoApp(t)
	app := open(t, dir)
	one := get(t, app, "demo.one")
	require.Equal(t, "hello you", say(t, one))
	require.NoError(t, os.Remove(filepath.Join(dir, "demo/EchoType/e.json")))
	eventually(t, "its problem", func() bool { p := problem(app, "demo.one"); return p != nil && p.Serving })
	eventually(t, "the Type is gone", func() bool { _, err := app.GetElement("demo.EchoType"); return err != nil })
	require.Equal(t, "hello you", say(t, one))
	write(t, dir, "demo/EchoType/e.json", `{"title": "Echo", "type": "demo.Meta", "backendBundleEntry": "./echo"}`)
	eventually(t, "no problem", func() bool { return problem(app, "demo.one") == nil })
	require.Equal(t, "hello you", say(t, one))
}

func TestPluginsLearnOfTheAppsNewTitle(t *testing.T) {
	dir := demoApp(t)
	app := open(t, dir)
	one := get(t, app, "demo.one")
	title := func() any {
		v, err := one.Get(t.Context(), "appTitle")
		require.NoError(t, err)
		return v
	}
	require.Equal(t, "Demo", title())
	write(t, dir, "app.json", `{"appId": "test.demo", "title": "Another"}`)
	eventually(t, "the new title", func() bool { return title() == "Another" })
}
