package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

func TestConfigurationErrorsNameThePlaceAndNoValue(t *testing.T) {
	for what, c := range map[string]struct {
		config, pointer, message string
		line                     int
	}{
		"unknown key":  {"{\"url\":\"u\",\n \"timout\": 5}", "/timout", `unknown key "timout"; did you mean "timeout"?`, 2},
		"nothing near": {"{\"url\":\"u\",\n \"zzzzzz\": 5}", "/zzzzzz", `unknown key "zzzzzz"`, 2},
		"nested":       {"{\"url\":\"u\",\n\"nested\":{\n\"alhpa\":\"x\"}}", "/nested/alhpa", `unknown key "alhpa"; did you mean "alpha"?`, 3},
		"wrong type":   {"{\"url\":\"u\",\n\n\"secret\": 12345678}", "/secret", "expected a string", 3},
		"missing":      {"{\"ulr\":\"hunter2\"}", "/ulr", `unknown key "ulr"; did you mean "url"?`, 1},
		"too small":    {`{"url":"u","timeout":0}`, "/timeout", "expected at least 1, not 0", 1},
		"enum":         {`{"url":"u","flag":"often"}`, "/flag", `expected one of 0, 1, not "often"`, 1},
		"item":         {"{\"url\":\"u\",\"list\":[\"a\",\n2]}", "/list/1", "expected a string, not 2", 2},
		"twice":        {"{\"url\":\"u\",\n\"url\":\"hunter2\"}", "/url", `"url" stands twice in one object, first in line 1`, 2},
		"syntax":       {"{\"url\":\n\"u\",}", "", "a comma stands before the closing brace or bracket", 2},
		"no object":    {`[]`, "", "a configuration must be an object", 1},
		"comment":      {"{ // no\n}", "", "JSON has no comments", 1},
		"too deep":     {`{"url":` + strings.Repeat("[", 100), "", "nested deeper than 64 levels", 1},
		"huge number":  {`{"url":"u","timeout":1e999999999}`, "/timeout", "a number is out of range", 1},
	} {
		t.Run(what, func(t *testing.T) {
			s := newApp(t, sms("SMS/one", c.config)).load()
			require.NotEmpty(t, s.Problems)
			p := s.Problems[0]
			for _, other := range s.Problems {
				if other.Message == c.message {
					p = other
				}
				require.NotContains(t, other.Error(), "hunter2")
				require.NotContains(t, other.Error(), "12345678")
			}
			require.Equal(t, c.message, p.Message)
			require.Equal(t, "SMS/one/sms.json", p.File)
			require.Equal(t, c.line, p.Line)
			if what != "too deep" {
				require.Equal(t, c.pointer, p.Pointer)
			}
			require.True(t, s.Lookup("SMS.one").Broken)
		})
	}
}

func TestWhichFileIsTheConfiguration(t *testing.T) {
	for what, c := range map[string]struct {
		front string
		files []string
		want  string
	}{
		"named":               {"x.json", []string{"x.json", "one.json", "config.json", "sms.json"}, "x.json"},
		"named, further down": {"./in/x.json", []string{"in/x.json", "one.json"}, "in/x.json"},
		"not JSON":            {"x.html", []string{"one.json", "config.json", "sms.json"}, "one.json"},
		"last name":           {"", []string{"one.json", "config.json", "sms.json"}, "one.json"},
		"config.json":         {"", []string{"config.json", "sms.json"}, "config.json"},
		"the Type's":          {"", []string{"sms.json"}, "sms.json"},
	} {
		t.Run(what, func(t *testing.T) {
			files := map[string]string{"SMS/one/e.json": `{"title":"x","type":"SMS.Http","frontBundleEntry":"` + c.front + `"}`}
			for _, name := range c.files {
				files["SMS/one/"+name] = `{"url":"` + name + `"}`
			}
			s := fine(t, newApp(t, files).load())
			require.JSONEq(t, `{"url":"`+c.want+`"}`, string(s.Lookup("SMS.one").Config))
		})
	}
	p := only(t, newApp(t, map[string]string{"SMS/one/e.json": `{"title":"x","type":"SMS.Http","frontBundleEntry":"x.json"}`, "SMS/one/sms.json": `{"url":"u"}`}).load())
	require.Equal(t, "SMS/one/x.json", p.File)
	p = only(t, newApp(t, map[string]string{"SMS/one/e.json": `{"title":"x","type":"SMS.Http","frontBundleEntry":"../../x.json"}`}).load())
	require.Equal(t, problem.CodeDefinition, p.Code)
	p = only(t, newApp(t, map[string]string{"SMS/one/e.json": `{"title":"x","type":"SMS.Http"}`}).load())
	require.Contains(t, p.Message, "one.json, config.json, sms.json")
}

func TestVariables(t *testing.T) {
	declare := `"variables":[{"name":"A","default":"fromElement"},{"name":"S","secret":1,"default":"hunter2"},{"name":"E","default":""},{"name":"N","default":"6379"},{"name":"Q","default":"a\"b{{A}}"}],`
	for what, c := range map[string]struct {
		config, want, problem string
	}{
		"declared default":              {`{"url":"{{A}}"}`, `{"url":"fromElement"}`, ""},
		"process environment":           {`{"url":"{{HOME_HOST}}"}`, `{"url":"env"}`, ""},
		"undeclared in the environment": {`{"url":"{{ENV_ONLY}}"}`, ``, "ENV_ONLY"},
		".env":                          {`{"url":"{{DOT}}"}`, `{"url":"dot"}`, ""},
		"fixed":                         {`{"url":"{{FIXED}}"}`, `{"url":"fixed"}`, ""},
		"within a text":                 {`{"url":"http://{{A}}:{{N}}/"}`, `{"url":"http://fromElement:6379/"}`, ""},
		"typed":                         {`{"url":"u","timeout":"{{N}}"}`, `{"url":"u","timeout":6379}`, ""},
		"typed where text may be":       {`{"url":"{{N}}"}`, `{"url":"6379"}`, ""},
		"typed list":                    {`{"url":"u","list":"{{LIST}}"}`, `{"url":"u","list":["x","{{A}}"]}`, ""},
		"typed enum":                    {`{"url":"u","flag":"{{ONE}}"}`, `{"url":"u","flag":1}`, ""},
		"typed, wrong":                  {`{"url":"u","timeout":"{{A}}"}`, ``, "variable A"},
		"typed, only whole":             {`{"url":"u","timeout":"{{N}} "}`, ``, "whole number"},
		"can't break out":               {`{"url":"{{Q}}"}`, `{"url":"a\"b{{A}}"}`, ""},
		"empty":                         {`{"url":"x{{E}}"}`, ``, "variable E"},
		"none":                          {`{"url":"{{NONE}}"}`, ``, "variable NONE"},
		"escape":                        {`{"url":"{{{{A}}"}`, `{"url":"{{A}}"}`, ""},
		"other braces":                  {`{"url":"{A} {{ A }} {{1A}} {{}} ${a} }} {{A"}`, `{"url":"{A} {{ A }} {{1A}} {{}} ${a} }} {{A"}`, ""},
		"three braces":                  {`{"url":"{{{A}}}"}`, `{"url":"{fromElement}"}`, ""},
		"not in names":                  {`{"url":"u","{{A}}":1}`, ``, "unknown key"},
	} {
		t.Run(what, func(t *testing.T) {
			a := newApp(t, map[string]string{
				"app.json":         `{"appId":"org.app","variables":[{"name":"HOME_HOST"},{"name":"A","default":"fromApp"}]}`,
				".env":             "DOT=dot\nLIST='[\"x\",\"{{A}}\"]'\nONE=1\n",
				"SMS/one/e.json":   `{"title":"x",` + declare + `"type":"SMS.Http"}`,
				"SMS/one/sms.json": c.config,
			})
			a.cfg.LookupEnv = func(name string) (string, bool) { return "env", name == "HOME_HOST" || name == "ENV_ONLY" }
			a.cfg.Variables = map[string]string{"FIXED": "fixed"}
			s := a.load()
			if c.problem != "" {
				p := only(t, s)
				require.Contains(t, p.Message, c.problem)
				require.Equal(t, "SMS/one/sms.json", p.File)
				require.NotEmpty(t, p.Pointer)
				return
			}
			fine(t, s)
			require.JSONEq(t, c.want, string(s.Lookup("SMS.one").Config))
		})
	}
}

func TestSecretsAreMasked(t *testing.T) {
	s := fine(t, newApp(t, map[string]string{
		"SMS/one/e.json":   `{"title":"x","variables":[{"name":"S","secret":true,"default":"hunter2"},{"name":"N","secret":1,"default":"77"}],"type":"SMS.Http"}`,
		"SMS/one/sms.json": `{"url":"u","secret":"hunter2","note":"Bearer {{S}}!","timeout":"{{N}}"}`,
	}).load())
	e := s.Lookup("SMS.one")
	require.Equal(t, map[string]any{"url": "u", "secret": "******", "note": "Bearer ******!", "timeout": "******"}, e.Masked)
	require.JSONEq(t, `{"url":"u","secret":"hunter2","note":"Bearer hunter2!","timeout":77}`, string(e.Config))
}

func TestDefaultsAreMergedAndKeepTheirPlaces(t *testing.T) {
	files := map[string]string{
		"my/Sms/e.json":        `{"title":"x","type":"SMS.Http","variables":[{"name":"V","default":"9"}]}`,
		"my/Sms/defaults.json": `{"nested":{"alpha":"a","beta":1},"list":["x","y"],"timeout":"{{V}}"}`,
		"my/one/e.json":        `{"title":"x","type":"my.Sms"}`,
		"my/one/sms.json":      `{"url":"u","nested":{"alpha":"b"},"list":["z"]}`,
	}
	s := fine(t, newApp(t, files).load())
	require.JSONEq(t, `{"url":"u","nested":{"alpha":"b","beta":1},"list":["z"],"timeout":9}`, string(s.Lookup("my.one").Config))

	files["my/Sms/defaults.json"] = "{\"nested\":{\n\"beta\":\"no number\"}}"
	p := only(t, newApp(t, files).load())
	require.Equal(t, "my/Sms/defaults.json", p.File)
	require.Equal(t, 2, p.Line)
	require.Equal(t, "/nested/beta", p.Pointer)
	require.Equal(t, "my.one", p.Element)

	files["my/Sms/defaults.json"] = `{"timeot":1}`
	s = newApp(t, files).load()
	require.Equal(t, "my.Sms", s.Problems[0].Element)
	require.Contains(t, s.Problems[0].Message, `did you mean "timeout"`)
}

func TestReferences(t *testing.T) {
	login := func(sms string) map[string]string {
		return map[string]string{"l/e.json": `{"title":"l","type":"auths.loginTypes.PhoneType"}`, "l/l.json": "{\n\"smsFullName\":\"" + sms + "\"}"}
	}
	for what, c := range map[string]struct {
		files   map[string]string
		problem string
	}{
		"there":          {with(login("SMS.one"), sms("SMS/one", `{"url":"u"}`)), ""},
		"missing":        {login("SMS.one"), "there is no element SMS.one; expected an instance of SMS.Meta; there is none yet, lintel new instance writes one"},
		"a Type":         {login("SMS.Http"), "SMS.Http (library:SMS/Http/e.json) is not an instance of SMS.Meta; there is none yet, lintel new instance writes one"},
		"another family": {login("l"), "l (l/e.json) is not an instance of SMS.Meta; there is none yet, lintel new instance writes one"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newApp(t, c.files).load()
			if c.problem == "" {
				fine(t, s)
				return
			}
			p := only(t, s)
			require.Equal(t, problem.Problem{Element: "l", Code: problem.CodeReference, File: "l/l.json", Line: 2, Pointer: "/smsFullName", Message: c.problem}, p)
		})
	}
	for _, broken := range []map[string]string{sms("SMS/one", `{}`), {"SMS/one/e.json": `{`}} {
		s := newApp(t, with(login("SMS.one"), broken)).load()
		require.Equal(t, "SMS.one", only(t, s).Element, "a reference to what is merely broken is fine")
		require.False(t, s.Lookup("l").Broken)
	}
}

func TestDefaultElements(t *testing.T) {
	a := newApp(t, map[string]string{"app.json": "{\"appId\":\"org.app\",\n\"settings\":{\"defaultElement\":{\n\"defaultCache\":\"my.cache\",\"defaultStorage\":\"x\"}}}"})
	s := a.load()
	require.Len(t, s.Problems, 2)
	require.True(t, s.Problems[1].Warning)
	require.Equal(t, problem.Problem{Code: problem.CodeReference, File: "app.json", Line: 3, Pointer: "/settings/defaultElement/defaultCache", Message: "there is no element my.cache"}, s.Problems[0])
	require.Equal(t, "my.cache", s.Defaults["defaultCache"])
	require.Equal(t, "databases.Default", s.Defaults["defaultDatabase"])
	a.cfg.Dev = true
	s = a.load()
	require.Equal(t, "caches.Default", s.Defaults["defaultCache"])
}

func TestAnUnfitDefaultLeavesTheOneOfBefore(t *testing.T) {
	named := func(cache string) string {
		return `{"appId":"org.app","settings":{"defaultElement":{"defaultCache":"` + cache + `"}}}`
	}
	a := newApp(t, map[string]string{
		"caches/Meta/e.json": `{"title":"Cache","type":""}`,
		"caches/Http/e.json": `{"title":"Cache","type":"caches.Meta","backendBundleEntry":"plugin"}`,
		"caches/one/e.json":  `{"title":"One","type":"caches.Http"}`, "caches/one/one.json": `{"url":"u"}`,
		"caches/bad/e.json": `{"title":"Bad","type":"caches.Http"}`, "caches/bad/bad.json": `{}`,
		"app.json": named("caches.one"),
	})
	described := strings.Replace(smsTypes, "[", `[{"name":"caches.Http","configSchema":"{\"type\":\"object\",\"required\":[\"url\"],\"properties\":{\"url\":{\"type\":\"string\"}}}"},`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "plugin.types.json"), []byte(described), 0o644))
	s := a.load()
	require.Equal(t, "caches.one", s.Defaults["defaultCache"])
	require.Empty(t, s.Unfit)
	for _, cache := range []string{"caches.none", "caches.Http", "caches.bad"} {
		a.write("app.json", named(cache))
		s = a.reload(step)
		require.Equal(t, "caches.one", s.Defaults["defaultCache"], cache)
		require.Empty(t, s.Unfit)
		require.Equal(t, "app.json", s.Problems[0].File)
		require.True(t, s.Problems[0].Serving)
	}
	a.write("caches/bad/bad.json", `{"url":"u"}`)
	require.Equal(t, "caches.bad", fine(t, a.reload(step)).Defaults["defaultCache"])

	a.write("app.json", named("caches.none"))
	s = a.load() // at start there is none of before
	require.Equal(t, "caches.none", s.Defaults["defaultCache"])
	require.Equal(t, only(t, s), s.Unfit["defaultCache"])
}
