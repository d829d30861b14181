package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

// parents is an app below apps that lie beside it.
func parents(t *testing.T, extends string, files map[string]string) *app {
	t.Helper()
	return newApp(t, with(map[string]string{"app.json": `{"appId":"org.app","extends":[` + extends + `]}`}, files))
}

const oneParent = `{"appId":"org.base","version":"^1.2","path":"../base"}`

func TestAnAppInheritsAndReplaces(t *testing.T) {
	a := parents(t, oneParent+`,{"appId":"org.other","path":"../other"}`, with(sms("SMS/mine", `{"url":"app"}`), map[string]string{
		"../base/app.json":  `{"appId":"org.base","version":"1.4.0","extends":[{"appId":"org.deep","path":"../deep"}]}`,
		"../deep/app.json":  `{"appId":"org.deep"}`,
		"../other/app.json": `{"appId":"org.other"}`,
	}, sms("../base/SMS/mine", `{"url":"base"}`), sms("../base/SMS/base", `{"url":"base"}`),
		sms("../deep/SMS/base", `{"url":"deep"}`), sms("../deep/SMS/deep", `{"url":"deep"}`), sms("../other/SMS/deep", `{"url":"other"}`)))
	s := fine(t, a.load())
	require.JSONEq(t, `{"url":"app"}`, string(s.Lookup("SMS.mine").Config))
	require.JSONEq(t, `{"url":"base"}`, string(s.Lookup("SMS.base").Config))
	require.JSONEq(t, `{"url":"deep"}`, string(s.Lookup("SMS.deep").Config), "depth first")
	require.Equal(t, "org.deep", s.Lookup("SMS.deep").App)
}

func TestAnAppReplacesAnOfficialType(t *testing.T) {
	s := fine(t, newApp(t, map[string]string{
		"auths/loginTypes/PhoneType/e.json":         `{"title":"Mine","type":"auths.loginTypes.Meta","backendBundleEntry":"./run"}`,
		"auths/loginTypes/PhoneType/run":            "#!",
		"auths/loginTypes/PhoneType/run.types.json": `{"types":[{"name":"PhoneType"}]}`,
		"l/e.json": `{"title":"l","type":"auths.loginTypes.PhoneType"}`,
	}).withMode("auths/loginTypes/PhoneType/run", 0o755).load())
	require.Equal(t, "org.app", s.Lookup("auths.loginTypes.PhoneType").App)
	require.Equal(t, s.App.Dir+"/auths/loginTypes/PhoneType/run", s.Lookup("l").Entry.Path)
}

func (a *app) withMode(name string, mode os.FileMode) *app {
	require.NoError(a.t, os.Chmod(filepath.Join(a.dir, name), mode))
	return a
}

func TestAProtectedElementCanBeUsedNotReplaced(t *testing.T) {
	a := parents(t, oneParent, map[string]string{
		"../base/app.json":          `{"appId":"org.base","version":"1.4.0"}`,
		"../base/SMS/kept/e.json":   `{"title":"kept","type":"SMS.Http","accessModifier":"protected"}`,
		"../base/SMS/kept/sms.json": `{"url":"base"}`,
		"SMS/kept/e.json":           `{"title":"mine","type":"SMS.Http"}`,
		"SMS/kept/sms.json":         `{"url":"app"}`,
	})
	s := a.load()
	p := only(t, s)
	require.Equal(t, problem.CodeProtected, p.Code)
	require.Contains(t, p.Error(), "SMS/kept/e.json")
	require.Contains(t, p.Error(), "org.base:SMS/kept/e.json")
	require.JSONEq(t, `{"url":"base"}`, string(s.Lookup("SMS.kept").Config))
}

func TestAPrivateElementIsItsAppsAlone(t *testing.T) {
	private := func(dir, url string) map[string]string {
		return map[string]string{dir + "/e.json": `{"title":"p","type":"SMS.Http","accessModifier":"private"}`, dir + "/sms.json": `{"url":"` + url + `"}`}
	}
	login := func(dir, sms string) map[string]string {
		return map[string]string{dir + "/e.json": `{"title":"l","type":"auths.loginTypes.PhoneType"}`, dir + "/config.json": `{"smsFullName":"` + sms + `"}`}
	}
	base := map[string]string{"../base/app.json": `{"appId":"org.base","version":"1.4.0"}`}

	s := fine(t, parents(t, oneParent, with(base, private("../base/SMS/p", "base"), login("../base/theirs", "SMS.p"))).load())
	require.Nil(t, s.Lookup("SMS.p"), "to others it isn't there")
	require.JSONEq(t, `{"url":"base"}`, string(s.LookupFrom("org.base", "SMS.p").Config))
	require.Equal(t, s.LookupFrom("org.base", "SMS.p"), s.Others()[0])
	require.False(t, s.Lookup("theirs").Broken)

	s = parents(t, oneParent, with(base, private("../base/SMS/p", "base"), login("ours", "SMS.p"))).load()
	require.Equal(t, problem.CodeReference, only(t, s).Code)

	s = fine(t, parents(t, oneParent, with(base, private("../base/SMS/p", "base"), login("../base/theirs", "SMS.p"), sms("SMS/p", `{"url":"app"}`))).load())
	require.JSONEq(t, `{"url":"app"}`, string(s.Lookup("SMS.p").Config), "the name is free")
	require.JSONEq(t, `{"url":"app"}`, string(s.LookupFrom("org.base", "SMS.p").Config), "an app replaces what its parents use")

	s = parents(t, oneParent, with(base, private("SMS/p", "app"), login("../base/theirs", "SMS.p"))).load()
	require.Equal(t, "theirs", only(t, s).Element, "a parent doesn't find the app's private elements")
	require.NotNil(t, s.Lookup("SMS.p"))
	require.Nil(t, s.LookupFrom("org.base", "SMS.p"))
}

func TestABadAppJSONIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		files map[string]string
		parts []string
	}{
		"missing appId": {map[string]string{"app.json": `{}`}, []string{"app.json:1", "appId"}},
		"odd appId":     {map[string]string{"app.json": "{\n\"appId\":\"noorg\"}"}, []string{"app.json:2", "/appId"}},
		"no JSON":       {map[string]string{"app.json": "{\n\n"}, []string{"app.json:3"}},
		"types":         {map[string]string{"app.json": `{"appId":"o.a","title":1}`}, []string{"title"}},
		"odd default":   {map[string]string{"app.json": `{"appId":"o.a","settings":{"defaultElement":{"defaultCache":"a b"}}}`}, []string{"/settings/defaultElement/defaultCache"}},
		"no parent":     {map[string]string{"app.json": "{\"appId\":\"o.a\",\"extends\":[\n" + oneParent + "]}"}, []string{"app.json:2", "/extends/0"}},
		"absolute":      {map[string]string{"app.json": `{"appId":"o.a","extends":[{"appId":"a.b","path":"/x"}]}`}, []string{"relative"}},
		"odd range":     {map[string]string{"app.json": `{"appId":"o.a","extends":[{"appId":"a.b","path":"x","version":"one"}]}`}, []string{"/extends/0/version"}},
		"other id": {map[string]string{"app.json": `{"appId":"o.a","extends":[` + oneParent + `]}`, "../base/app.json": `{"appId":"o.z","version":"1.2.0"}`},
			[]string{"o.z", "org.base"}},
		"old version": {map[string]string{"app.json": `{"appId":"o.a","extends":[` + oneParent + `]}`, "../base/app.json": `{"appId":"org.base","version":"1.1.0"}`},
			[]string{"1.1.0", "1.2"}},
		"bad parent": {map[string]string{"app.json": `{"appId":"o.a","extends":[` + oneParent + `]}`, "../base/app.json": "{\n1"},
			[]string{"org.base:app.json:2"}},
		"cycle": {map[string]string{"app.json": `{"appId":"org.app","extends":[` + oneParent + `]}`,
			"../base/app.json": `{"appId":"org.base","version":"1.2.0","extends":[{"appId":"org.app","path":"../app"}]}`},
			[]string{"cycle", "org.base:app.json", "(app.json)"}},
	} {
		t.Run(what, func(t *testing.T) {
			text := newApp(t, c.files).failure().Error()
			for _, part := range c.parts {
				require.Contains(t, text, part)
			}
		})
	}
}

func TestNothingOutsideTheRootsIsRead(t *testing.T) {
	a := newApp(t, map[string]string{
		"../outside/e.json":   `{"title":"out","type":""}`,
		"../outside/one.json": `{"url":"secret"}`,
		"SMS/one/e.json":      `{"title":"x","type":"SMS.Http"}`,
		"inner/e.json":        `{"title":"in","type":""}`,
		"SMS/abs/e.json":      `{"title":"x","type":"SMS.Http"}`,
		"k8s/..data/e.json":   `{"title":"linked","type":""}`,
		"pipe/keep":           "",
	})
	link := func(to, name string) { require.NoError(t, os.Symlink(to, filepath.Join(a.dir, name))) }
	link("../outside", "dirlink")
	link("../../../outside/one.json", "SMS/one/one.json")
	link(filepath.Join(a.dir, "../outside/one.json"), "SMS/abs/sms.json")
	link(".", "inner/loop")
	link("..data/e.json", "k8s/e.json")
	mkfifo(t, filepath.Join(a.dir, "pipe/e.json"))
	s := a.load()
	require.Nil(t, s.Lookup("dirlink"))
	require.True(t, s.Lookup("SMS.one").Broken)
	require.True(t, s.Lookup("SMS.abs").Broken)
	require.NotNil(t, s.Lookup("inner"))
	require.Equal(t, "linked", s.Lookup("k8s").Title, "a link within the root is one file")
	require.True(t, s.Lookup("pipe").Broken, "a named pipe doesn't hold the loader up")
	require.Nil(t, s.Lookup("inner.loop"))
	var outside []string
	for _, p := range s.Problems {
		require.False(t, p.Warning)
		if strings.Contains(p.Message, "leads outside the app's directory") {
			outside = append(outside, p.File)
		}
	}
	require.ElementsMatch(t, []string{"dirlink", "SMS/one/one.json", "SMS/abs/sms.json"}, outside)
}

func TestLimits(t *testing.T) {
	deep := "d"
	for range 37 {
		deep += "/d"
	}
	big := make([]byte, 1<<20+1)
	for i := range big {
		big[i] = ' '
	}
	s := newApp(t, with(sms("SMS/big", string(big)), map[string]string{deep + "/e.json": `{"title":"x","type":""}`, "x/e.json": string(big)})).load()
	require.Len(t, s.Problems, 3)
	for _, p := range s.Problems {
		require.Equal(t, problem.CodeLimit, p.Code)
	}
	chain := map[string]string{"t0/e.json": `{"title":"x","type":"SMS.Http"}`, "t0/defaults.json": `{}`}
	for i, last := 1, "t0"; i < maxChain+5; i++ {
		name := "t" + string(rune('a'+i/10)) + string(rune('a'+i%10))
		chain[name+"/e.json"], chain[name+"/defaults.json"] = `{"title":"x","type":"`+last+`"}`, `{}`
		last = name
	}
	require.NotEmpty(t, newApp(t, chain).load().Problems)
}

func TestAnotherDirectoryInPlaceOfARoot(t *testing.T) {
	release := func(config string) map[string]string {
		return with(sms("SMS/one", config), map[string]string{"app.json": `{"appId":"org.app","extends":[{"appId":"org.base","path":"../base"}]}`})
	}
	a := newApp(t, with(release(`{"url":"first"}`), map[string]string{"../base/app.json": `{"appId":"org.base"}`},
		sms("../base/SMS/two", `{"url":"old"}`)))
	for name, text := range release(`{"url":"second"}`) {
		a.write("../second/"+name, text)
	}
	base := filepath.Dir(a.dir)
	place := func(name string) string { return filepath.Join(base, name) }
	require.NoError(t, os.Symlink("app", place("current")))
	a.cfg.Root = place("current")
	require.Equal(t, "first", url(fine(t, a.load()), "SMS.one"))

	// A release is put in place by its link.
	require.NoError(t, os.Symlink("second", place("next")))
	require.NoError(t, os.Rename(place("next"), place("current")))
	require.Equal(t, "second", url(fine(t, a.reload(step)), "SMS.one"))
	a.write("../second/SMS/one/sms.json", `{"url":`)
	require.True(t, only(t, a.reload(step)).Serving)
	require.Equal(t, "second", url(a.loader.Current(), "SMS.one"))
	a.write("../second/SMS/one/sms.json", `{"url":"second"}`)
	fine(t, a.reload(step))

	// A parent's directory goes, and another comes.
	require.NoError(t, os.Rename(place("base"), place("away")))
	s := a.reload(step)
	require.Equal(t, "the app's directory can't be read", only(t, s).Message)
	require.Equal(t, "old", url(s, "SMS.two"), "the last good one serves")
	require.NotEmpty(t, a.reload(step).Problems, "as long as it is gone")
	require.NoError(t, os.Rename(place("away"), place("base")))
	require.Equal(t, "old", url(fine(t, a.reload(step)), "SMS.two"))
	require.NoError(t, os.Rename(place("base"), place("away")))
	for name, text := range with(map[string]string{"app.json": `{"appId":"org.base"}`}, sms("SMS/two", `{"url":"new"}`)) {
		a.write("../base/"+name, text)
	}
	require.Equal(t, "new", url(fine(t, a.reload(step)), "SMS.two"))
}
