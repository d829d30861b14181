package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// volume lays an app out as Kubernetes mounts a projected volume: the files in a
// directory of their own, "..data" a link to it, and a link for each entry.
type volume struct {
	t       *testing.T
	dir     string
	version int
}

// publish writes a version of the files beside the one in use and switches over.
func (v *volume) publish(files map[string]string) {
	v.t.Helper()
	v.version++
	at := func(name string) string { return filepath.Join(v.dir, filepath.FromSlash(name)) }
	data := fmt.Sprintf("..2026_11_27_%02d", v.version)
	for name, text := range files {
		require.NoError(v.t, os.MkdirAll(filepath.Dir(at(data+"/"+name)), 0o755))
		require.NoError(v.t, os.WriteFile(at(data+"/"+name), []byte(text), 0o644))
	}
	before, _ := os.Readlink(at("..data"))
	require.NoError(v.t, os.Symlink(data, at("..data_tmp")))
	require.NoError(v.t, os.Rename(at("..data_tmp"), at("..data")))
	for name := range files {
		top, _, _ := strings.Cut(name, "/")
		if _, err := os.Lstat(at(top)); err != nil {
			require.NoError(v.t, os.Symlink("..data/"+top, at(top)))
		}
	}
	if before != "" {
		require.NoError(v.t, os.RemoveAll(at(before)))
	}
}

func TestAnAppThatIsAProjectedVolume(t *testing.T) {
	a := newApp(t, nil)
	a.remove("app.json")
	v := &volume{t: t, dir: a.dir}
	files := with(sms("SMS/one", `{"url":"{{V}}"}`), sms("top", `{"url":"top"}`), map[string]string{"app.json": appJSON, ".env": "V=first"})
	v.publish(files)
	s := fine(t, a.load())
	require.Equal(t, "first", url(s, "SMS.one"))
	require.Equal(t, "top", url(s, "top"))
	for _, el := range s.Elements() {
		require.NotContains(t, el.FullName, "data", "entries that begin with .. hold no elements")
	}

	// Everything changes at once.
	files["SMS/one/sms.json"], files[".env"] = `{"url":"x{{V}}"}`, "V=second"
	files["SMS/two/e.json"], files["SMS/two/sms.json"] = files["SMS/one/e.json"], `{"url":"new"}`
	v.publish(files)
	s = fine(t, a.reload(step))
	require.Equal(t, "xsecond", url(s, "SMS.one"))
	require.Equal(t, "new", url(s, "SMS.two"))
	delete(files, "SMS/two/e.json")
	v.publish(files)
	a.reload(step)
	require.Nil(t, fine(t, a.reload(2*step)).Lookup("SMS.two"))
	files["SMS/one/sms.json"] = `{"url":`
	v.publish(files)
	require.True(t, only(t, a.reload(step)).Serving)
	require.Equal(t, "xsecond", url(a.loader.Current(), "SMS.one"), "the last good stays")
}

// An element's own directory may be a ConfigMap, where each file is a link.
func TestAnElementThatIsAConfigMap(t *testing.T) {
	a := newApp(t, nil)
	require.NoError(t, os.MkdirAll(filepath.Join(a.dir, "SMS/one"), 0o755))
	v := &volume{t: t, dir: filepath.Join(a.dir, "SMS/one")}
	v.publish(map[string]string{"e.json": `{"title":"x","type":"SMS.Http"}`, "sms.json": `{"url":"first"}`})
	require.Equal(t, "first", url(fine(t, a.load()), "SMS.one"))
	v.publish(map[string]string{"e.json": `{"title":"x","type":"SMS.Http"}`, "sms.json": `{"url":"second"}`})
	require.Equal(t, "second", url(fine(t, a.reload(step)), "SMS.one"))
}

// Links within the root are followed whichever way they are written, and circles end.
func TestLinksWithinTheRoot(t *testing.T) {
	a := newApp(t, with(sms(".releases/a/one", `{"url":"a"}`), sms(".releases/b/one", `{"url":"b"}`), map[string]string{
		"shared/url.json": `{"url":"shared"}`, "../outside/e.json": `{"title":"x","type":""}`,
		"SMS/file/e.json": `{"title":"x","type":"SMS.Http"}`, "SMS/up/e.json": `{"title":"x","type":"SMS.Http"}`,
	}))
	link := func(to, name string) {
		require.NoError(t, os.MkdirAll(filepath.Join(a.dir, filepath.Dir(name)), 0o755))
		_ = os.Remove(filepath.Join(a.dir, name))
		require.NoError(t, os.Symlink(to, filepath.Join(a.dir, name)))
	}
	link(filepath.Join(a.dir, ".releases/a"), "absolute")
	link("../app/.releases/a", "around")
	link(".releases/a", "chain1")
	link("chain1", "chain2")
	link(filepath.Join(a.dir, "shared/url.json"), "SMS/file/sms.json")
	link("../../../app/shared/url.json", "SMS/up/sms.json")
	// Circles: to itself, to a directory above, to each other, through another.
	link("self", "self")
	link("..", "SMS/above")
	link(".", "here")
	link("left/right", "left")
	link("ping", "pong")
	link("pong", "ping")
	link("../circle2", "circle1/next")
	link("../circle1", "circle2/next")
	link("away", "nowhere")
	s := fine(t, a.load())
	for name, want := range map[string]string{
		"absolute.one": "a", "around.one": "a", "chain1.one": "a", "chain2.one": "a", "SMS.file": "shared", "SMS.up": "shared",
	} {
		require.NotNil(t, s.Lookup(name), name)
		require.Equal(t, want, url(s, name), name)
	}
	require.Nil(t, s.Lookup("SMS.above.SMS.file"))

	link(filepath.Join(a.dir, ".releases/b"), "absolute")
	require.Equal(t, "b", url(fine(t, a.reload(step)), "absolute.one"))
	require.Equal(t, "a", url(a.loader.Current(), "chain2.one"))

	link("../../outside", "SMS/leaves")
	p := only(t, a.reload(step))
	require.Equal(t, "SMS/leaves", p.File)
	require.False(t, p.Warning)
	require.Contains(t, p.Message, "leads outside the app's directory")
	link(filepath.Join(a.dir, "../outside"), "SMS/leaves")
	require.Equal(t, "SMS/leaves", only(t, a.reload(step)).File)
	require.Nil(t, a.loader.Current().Lookup("SMS.leaves"))
}

// Watch sees a switch of "..data", and one of a link further down, without a whole sweep's
// time.
func TestWatchSeesASwitchedVolume(t *testing.T) {
	a := newApp(t, nil)
	a.remove("app.json")
	v := &volume{t: t, dir: a.dir}
	files := with(sms("SMS/deep/one", `{"url":"v0"}`), map[string]string{"app.json": appJSON})
	v.publish(files)
	w := a.watch(false)
	for i := range 5 {
		want := fmt.Sprintf("v%d", i+1)
		files["SMS/deep/one/sms.json"] = fmt.Sprintf(`{"url":%q}`, want)
		begun := time.Now()
		v.publish(files)
		require.Eventually(t, func() bool { return url(w.get(), "SMS.deep.one") == want }, 30*time.Second, 5*time.Millisecond)
		t.Logf("seen after %v", time.Since(begun))
	}
	require.True(t, a.loader.scanner.Links())
}
