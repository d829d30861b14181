package catalog

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

const step = 10 * time.Second

func url(s *Snapshot, name string) string {
	masked := s.Lookup(name).Masked
	text, _ := masked["url"].(string)
	return text
}

func TestABrokenElementKeepsItsLastGood(t *testing.T) {
	for what, breakIt := range map[string]func(*app){
		"e.json":           func(a *app) { a.write("SMS/one/e.json", `{"title":`) },
		"empty e.json":     func(a *app) { a.write("SMS/one/e.json", ``) },
		"configuration":    func(a *app) { a.write("SMS/one/sms.json", `{"url":1}`) },
		"half-written":     func(a *app) { a.write("SMS/one/sms.json", `{"url":"n`) },
		"missing":          func(a *app) { a.remove("SMS/one/sms.json") },
		"type gone":        func(a *app) { a.write("SMS/one/e.json", `{"title":"x","type":"SMS.Nope"}`) },
		"name taken twice": func(a *app) { a.write("backend/SMS/one/e.json", `{"title":"x","type":""}`) },
		"case":             func(a *app) { a.write("SMS/ONE/e.json", `{"title":"x","type":""}`) },
		"unknown variable": func(a *app) { a.write("SMS/one/sms.json", `{"url":"{{NOPE}}"}`) },
		"executable gone":  func(a *app) { require.NoError(a.t, os.Remove(filepath.Join(a.plugins, "plugin"))) },
		"description gone": func(a *app) { require.NoError(a.t, os.Remove(filepath.Join(a.plugins, "plugin.types.json"))) },
		"description broken": func(a *app) {
			require.NoError(a.t, os.WriteFile(filepath.Join(a.plugins, "plugin.types.json"), []byte("{"), 0o644))
		},
	} {
		t.Run(what, func(t *testing.T) {
			a := newApp(t, with(sms("SMS/one", `{"url":"old"}`), sms("SMS/two", `{"url":"old"}`)))
			before := fine(t, a.load())
			breakIt(a)
			a.write("SMS/two/sms.json", `{"url":"new"}`)
			s := a.reload(step)
			require.NotEmpty(t, s.Problems)
			for _, p := range s.Problems {
				if p.Element == "SMS.one" {
					require.True(t, p.Serving, "%v", p)
				}
			}
			one := s.Lookup("SMS.one")
			require.False(t, one.Broken)
			require.Equal(t, "old", url(s, "SMS.one"))
			require.Equal(t, before.Lookup("SMS.one").Revision, one.Revision)
			require.Equal(t, "new", url(s, "SMS.two"), "other changes go live")

			again := a.reload(step)
			require.Equal(t, len(s.Problems), len(again.Problems), "the problem stays")
			a.remove("backend")
			a.remove("SMS/ONE")
			require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "plugin"), []byte("code"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "plugin.types.json"), []byte(smsTypes), 0o644))
			for name, text := range sms("SMS/one", `{"url":"mended"}`) {
				a.write(name, text)
			}
			a.reload(step)
			s = fine(t, a.reload(step))
			require.Equal(t, "mended", url(s, "SMS.one"))
			require.Greater(t, s.Lookup("SMS.one").Revision, one.Revision)
		})
	}
}

func TestAnElementGoesAfterASecondWithoutEJSON(t *testing.T) {
	a := newApp(t, with(sms("SMS/one", `{"url":"u"}`), sms("SMS/in/deep", `{"url":"u"}`)))
	first := fine(t, a.load())
	a.remove("SMS/one")
	a.remove("SMS/in")
	s := a.reload(step)
	require.Same(t, first.Lookup("SMS.one"), s.Lookup("SMS.one"))
	require.NotNil(t, s.Lookup("SMS.in.deep"))
	require.NotNil(t, a.reload(900*time.Millisecond).Lookup("SMS.one"))
	s = fine(t, a.reload(100*time.Millisecond))
	require.Nil(t, s.Lookup("SMS.one"))
	require.Nil(t, s.Lookup("SMS.in.deep"))

	for name, text := range sms("SMS/in/deep", `{"url":"back"}`) {
		a.write(name, text)
	}
	require.Equal(t, "back", url(fine(t, a.reload(step)), "SMS.in.deep"))
	a.remove("SMS/in/deep/e.json")
	a.reload(step)
	a.write("SMS/in/deep/e.json", `{"title":"again","type":"SMS.Http"}`)
	require.Equal(t, "again", fine(t, a.reload(100*time.Millisecond)).Lookup("SMS.in.deep").Title)
	require.NotNil(t, a.reload(step).Lookup("SMS.in.deep"))
}

func TestATypeWhoseDefaultsVanishForAMomentStaysAType(t *testing.T) {
	a := newApp(t, map[string]string{"my/T/e.json": `{"title":"x","type":"SMS.Http"}`, "my/T/defaults.json": `{"url":"d"}`, "one/e.json": `{"title":"x","type":"my.T"}`})
	fine(t, a.load())
	a.remove("my/T/defaults.json")
	s := a.reload(step)
	require.Equal(t, Type, s.Lookup("my.T").Rank)
	require.Equal(t, "d", url(s, "one"))
	a.write("my/T/defaults.json", `{"url":"e"}`)
	require.Equal(t, "e", url(fine(t, a.reload(100*time.Millisecond)), "one"))
}

func TestRevisionsAndDigestsChangeWithWhatTheCodeSees(t *testing.T) {
	a := newApp(t, with(sms("SMS/one", `{"url":"u"}`), sms("SMS/two", `{"url":"{{V}}"}`), map[string]string{".env": "V=1"}))
	s := fine(t, a.load())
	one, two := s.Lookup("SMS.one"), s.Lookup("SMS.two")

	a.write("SMS/one/sms.json", "{\n \"url\" : \"u\" }")
	a.write("SMS/one/other.json", "{}")
	require.Same(t, one, a.reload(step).Lookup("SMS.one"), "the same in other words")

	a.write(".env", "V=2")
	s = fine(t, a.reload(step))
	require.NotEqual(t, two.ConfigDigest, s.Lookup("SMS.two").ConfigDigest)
	require.Equal(t, "2", url(s, "SMS.two"))
	require.Same(t, one, s.Lookup("SMS.one"))

	require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "plugin"), []byte("newer code"), 0o755))
	s = fine(t, a.reload(step))
	require.NotEqual(t, one.Entry.Stamp, s.Lookup("SMS.Http").Entry.Stamp)
	require.Equal(t, one.ConfigDigest, s.Lookup("SMS.one").ConfigDigest)
	require.Greater(t, s.Lookup("SMS.one").Revision, one.Revision)

	a.write(".env", "V")
	s = a.reload(step)
	require.Equal(t, ".env", only(t, s).File)
	require.Equal(t, "2", url(s, "SMS.two"))
	a.remove(".env")
	a.reload(step)
	require.Equal(t, problem.CodeVariable, only(t, a.reload(step)).Code)
}

func TestAppJSONChangesWhileRunning(t *testing.T) {
	a := newApp(t, with(sms("SMS/one", `{"url":"{{V}}"}`), map[string]string{"app.json": `{"appId":"org.app","variables":[{"name":"V","default":"1"}]}`}))
	require.Equal(t, "1", url(fine(t, a.load()), "SMS.one"))
	a.write("app.json", `{"appId":"org.app","title":"New","variables":[{"name":"V","default":"2"}]}`)
	s := fine(t, a.reload(step))
	require.Equal(t, "2", url(s, "SMS.one"))
	require.Equal(t, "New", s.App.Title)
	for _, bad := range []string{`{`, `{"appId":"org.app","variables":1}`, `{"appId":"org.elsewhere"}`} {
		a.write("app.json", bad)
		s = a.reload(step)
		p := only(t, s)
		require.True(t, p.Serving)
		require.Equal(t, "2", url(s, "SMS.one"))
		require.Equal(t, "org.app", s.App.AppID)
		require.Len(t, a.reload(step).Problems, 1, "it stays a problem")
	}
	a.write("../base/app.json", `{"appId":"org.base"}`)
	a.write("../base/SMS/theirs/e.json", `{"title":"x","type":"SMS.Http"}`)
	a.write("../base/SMS/theirs/sms.json", `{"url":"base"}`)
	a.write("app.json", `{"appId":"org.app","variables":[{"name":"V","default":"3"}],"extends":[{"appId":"org.base","path":"../base"}]}`)
	s = fine(t, a.reload(step))
	require.Equal(t, "3", url(s, "SMS.one"))
	require.Equal(t, "base", url(s, "SMS.theirs"))
}

func TestAnOverrideThatWasNeverGoodLeavesWhatServed(t *testing.T) {
	a := newApp(t, with(sms("SMS/one", `{"url":"u"}`)))
	fine(t, a.load())
	a.write("SMS/Http/e.json", `{"title":`)
	s := a.reload(step)
	require.True(t, only(t, s).Serving)
	require.False(t, s.Lookup("SMS.Http").Broken)
	require.False(t, s.Lookup("SMS.one").Broken)
	a.remove("SMS/Http")
	a.reload(step)
	require.Empty(t, fine(t, a.reload(step)).Lookup("SMS.Http").App)
}

func TestValuesOutliveAnEditorsDanceWithTheEnvFile(t *testing.T) {
	a := newApp(t, with(sms("SMS/one", `{"url":"{{V}}"}`), map[string]string{
		".env": "V=file", "app.json": `{"appId":"org.app","variables":[{"name":"V","default":"declared"}]}`,
	}))
	require.Equal(t, "file", url(fine(t, a.load()), "SMS.one"))
	for what, leave := range map[string]func(){
		"moved away": func() { a.remove(".env") },
		"truncated":  func() { a.write(".env", "") },
	} {
		leave()
		require.Equal(t, "file", url(fine(t, a.reload(step)), "SMS.one"), what)
		require.Equal(t, "file", url(fine(t, a.reload(500*time.Millisecond-time.Millisecond)), "SMS.one"), what)
		a.write(".env", "V=file")
		require.Equal(t, "file", url(fine(t, a.reload(time.Millisecond)), "SMS.one"), what)
		leave()
		require.Equal(t, "file", url(fine(t, a.reload(step)), "SMS.one"), what)
		require.Equal(t, "declared", url(fine(t, a.reload(500*time.Millisecond)), "SMS.one"), what)
		a.write(".env", "V=file")
		require.Equal(t, "file", url(fine(t, a.reload(step)), "SMS.one"), what)
	}
}

func TestABrokenEnvFileIsToldWithItsLine(t *testing.T) {
	a := newApp(t, map[string]string{".env": "A=1\nhunter2\n"})
	p := only(t, a.load())
	require.Equal(t, problem.Problem{Code: problem.CodeVariable, File: ".env", Line: 2, Message: "a line is not NAME=value"}, p)
	a.write(".env", "A=1\n")
	fine(t, a.reload(step))
	a.write(".env", "A=1\nB=2\nhunter2\n")
	p = only(t, a.reload(step))
	require.Equal(t, 3, p.Line)
	require.True(t, p.Serving, "the values of before are still in use")
}
