package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

func TestDirectoriesThatHoldNoElements(t *testing.T) {
	files := map[string]string{}
	for _, dir := range []string{"dist", "appData", "commons", "test", "node_modules", ".git", "x/node_modules/deep", "data"} {
		files[dir+"/in/e.json"] = `{"title":"no","type":""}`
	}
	a := newApp(t, files)
	a.cfg.DataDir = a.dir + "/data"
	s := fine(t, a.load())
	require.Equal(t, "SMS.Http SMS.Meta auths.loginTypes.Meta auths.loginTypes.PhoneType", names(s.Elements()))
}

func TestNamesThatAreErrorsNameBothPlaces(t *testing.T) {
	meta := `{"title":"m","type":""}`
	for what, c := range map[string]struct {
		files map[string]string
		parts []string
	}{
		"ill-named":             {map[string]string{"1x/y/e.json": meta}, []string{"1x/y/e.json", "1x"}},
		"the root":              {map[string]string{"e.json": meta}, []string{"e.json"}},
		"twice":                 {map[string]string{"a/b/e.json": meta, "a/backend/b/e.json": meta}, []string{"a.b", "a/b/e.json", "a/backend/b/e.json"}},
		"case":                  {map[string]string{"a/b/e.json": meta, "a/B/e.json": meta}, []string{"a.b", "a.B", "a/b/e.json", "a/B/e.json"}},
		"case of the library's": {map[string]string{"sms/Meta/e.json": meta}, []string{"SMS.Meta", "library:SMS/Meta/e.json", "sms/Meta/e.json"}},
	} {
		t.Run(what, func(t *testing.T) {
			s := newApp(t, c.files).load()
			require.NotEmpty(t, s.Problems)
			for _, part := range c.parts {
				require.Contains(t, s.Problems[0].Error(), part)
			}
			require.Equal(t, problem.CodeName, s.Problems[0].Code)
			if e := s.Lookup("a.b"); e != nil {
				require.True(t, e.Broken)
			}
		})
	}
}

func TestAnElementMayLieInsideAnother(t *testing.T) {
	s := fine(t, newApp(t, with(sms("a/b", `{"url":"x"}`), sms("a/b/c", `{"url":"y"}`))).load())
	require.NotNil(t, s.Lookup("a.b"))
	require.NotNil(t, s.Lookup("a.b.c"))
}

func TestRankFollowsFromTypeAndFiles(t *testing.T) {
	for what, c := range map[string]struct {
		files map[string]string
		rank  string
	}{
		"no code, no defaults":     {map[string]string{"x/e.json": `{"title":"x","type":"SMS.Http"}`, "x/config.json": `{"url":"u"}`}, Instance},
		"a dot is nothing":         {map[string]string{"x/e.json": `{"title":"x","type":"SMS.Http","backendBundleEntry":"."}`, "x/config.json": `{"url":"u"}`}, Instance},
		"empty defaults make Type": {map[string]string{"x/e.json": `{"title":"x","type":"SMS.Http"}`, "x/defaults.json": `{}`}, Type},
		"a bare name makes a Type": {map[string]string{"x/e.json": `{"title":"x","type":"SMS.Http","backendBundleEntry":"plugin"}`}, Type},
		"an empty type is a Meta":  {map[string]string{"x/e.json": `{"title":"x","type":""}`}, Meta},
	} {
		t.Run(what, func(t *testing.T) {
			a := newApp(t, c.files)
			s := a.load()
			require.Equal(t, c.rank, s.Lookup("x").Rank, "%v", s.Problems)
		})
	}
}

func TestATypeWithoutCodeInheritsAll(t *testing.T) {
	s := fine(t, newApp(t, map[string]string{
		"my/Phone/e.json":        `{"title":"Mine","type":"auths.loginTypes.PhoneType"}`,
		"my/Phone/defaults.json": `{"$schema":"s","allowRegister":0}`,
		"my/Deep/e.json":         `{"title":"Deeper","type":"my.Phone"}`,
		"my/Deep/defaults.json":  `{"smsFullName":"SMS.one"}`,
		"login/e.json":           `{"title":"Login","type":"my.Deep"}`,
		"SMS/one/e.json":         `{"title":"x","type":"SMS.Http"}`,
		"SMS/one/sms.json":       `{"url":"u"}`,
	}).load())
	e := s.Lookup("login")
	require.Equal(t, Instance, e.Rank)
	require.Equal(t, "auths.loginTypes.PhoneType", e.CodeType)
	require.Equal(t, []string{"my.Deep", "my.Phone", "auths.loginTypes.PhoneType", "auths.loginTypes.Meta"}, e.Ancestors)
	require.JSONEq(t, `{"allowRegister":0,"smsFullName":"SMS.one"}`, string(e.Config))
	require.Len(t, e.Functions, 2)
	require.Equal(t, s.Lookup("auths.loginTypes.PhoneType").Entry, e.Entry)
	found, err := s.Find(".auths.loginTypes.PhoneType")
	require.NoError(t, err)
	require.Equal(t, "login", names(found))
}

func TestTypeErrorsNameBothPlaces(t *testing.T) {
	for what, c := range map[string]struct {
		files map[string]string
		parts []string
	}{
		"missing":     {map[string]string{"x/e.json": "{\"title\":\"x\",\n\"type\":\"SMS.Nope\"}"}, []string{"x/e.json:2", "/type", "SMS.Nope"}},
		"an instance": {with(sms("SMS/one", `{"url":"u"}`), map[string]string{"x/e.json": `{"title":"x","type":"SMS.one"}`}), []string{"x/e.json:1", "SMS/one/e.json", "instance"}},
		"a cycle": {map[string]string{"x/e.json": `{"title":"x","type":"y"}`, "y/e.json": `{"title":"y","type":"x"}`},
			[]string{"cycle", "x/e.json", "y/e.json"}},
		"itself":  {map[string]string{"x/e.json": `{"title":"x","type":"x"}`}, []string{"cycle", "x/e.json"}},
		"no code": {map[string]string{"x/e.json": `{"title":"x","type":"SMS.Meta"}`}, []string{"x/e.json", "code"}},
	} {
		t.Run(what, func(t *testing.T) {
			s := newApp(t, c.files).load()
			require.NotEmpty(t, s.Problems)
			var text string
			for _, p := range s.Problems {
				if p.Element == "x" {
					text = p.Error()
				}
			}
			for _, part := range c.parts {
				require.Contains(t, text, part)
			}
			require.True(t, s.Lookup("x").Broken)
		})
	}
}

func TestCodeOfATypeHasToBeThere(t *testing.T) {
	for what, c := range map[string]struct {
		entry string
		files map[string]string
		code  string
	}{
		"unknown bare name": {"nothing", nil, problem.CodeExecutable},
		"no such file":      {"./run", nil, problem.CodeExecutable},
		"not executable":    {"./run", map[string]string{"x/run": "code"}, problem.CodeExecutable},
		"no built-in code":  {"builtin", nil, problem.CodeExecutable},
		"outside":           {"./../run", nil, problem.CodeDefinition},
		"a path":            {"/bin/sh", nil, problem.CodeDefinition},
		"not in PATH":       {"sh", nil, problem.CodeExecutable},
		"another Type's":    {"plugin", nil, problem.CodeDescription},
	} {
		t.Run(what, func(t *testing.T) {
			s := newApp(t, with(c.files, map[string]string{"x/e.json": `{"title":"x","type":"SMS.Meta","backendBundleEntry":"` + c.entry + `"}`,
				"i/e.json": `{"title":"i","type":"x"}`})).load()
			require.True(t, s.Lookup("x").Broken)
			require.True(t, s.Lookup("i").Broken)
			var codes []string
			for _, p := range s.Problems {
				if p.Element == "x" {
					codes = append(codes, p.Code)
				}
			}
			require.Equal(t, []string{c.code}, codes)
		})
	}
}

func TestAnInterpretedTypeHasItsScriptAndDescription(t *testing.T) {
	a := newApp(t, map[string]string{
		"my/Type/e.json":             `{"title":"x","type":"SMS.Meta","backendBundleEntry":"./main.py","interpreter":"python3","args":["-u"]}`,
		"my/Type/main.py":            `print()`,
		"my/Type/main.py.types.json": `{"types":[{"name":"Type"}]}`,
		"my/one/e.json":              `{"title":"x","type":"my.Type"}`,
	})
	s := fine(t, a.load())
	entry := s.Lookup("my.one").Entry
	require.Equal(t, "python3", entry.Interpreter)
	require.Equal(t, []string{"-u"}, entry.Args)
	require.Equal(t, s.App.Dir+"/my/Type/main.py", entry.Path)
	require.Equal(t, s.App.Dir+"/my/Type", entry.Dir)
	require.JSONEq(t, `{}`, string(s.Lookup("my.one").Config))
}

func TestAScriptIsEveryFileWithItsExtension(t *testing.T) {
	a := newApp(t, map[string]string{
		"my/Type/e.json":             `{"title":"x","type":"SMS.Meta","backendBundleEntry":"./main.py","interpreter":"python3"}`,
		"my/Type/main.py":            `import lib.part`,
		"my/Type/main.py.types.json": `{"types":[{"name":"Type"}]}`,
		"my/Type/lib/part.py":        `one`,
	})
	stamp := fine(t, a.load()).Lookup("my.Type").Entry.Stamp
	changes := func(path, text string) bool {
		t.Helper()
		a.write(path, text)
		next := fine(t, a.reload(step)).Lookup("my.Type").Entry.Stamp
		changed := next != stamp
		stamp = next
		return changed
	}
	require.False(t, changes("my/Type/state.db", "what it writes itself"))
	require.False(t, changes("my/Type/.venv/x.py", "not watched"))
	require.True(t, changes("my/Type/lib/part.py", "another"))
	require.True(t, changes("my/Type/lib/more.py", "one more"))
	require.True(t, changes("my/Type/main.py", "import lib.more"))
	require.True(t, changes("my/Type/main.py.types.json", `{"types":[{"name":"Type","title":"new"}]}`), "what it may ask follows it")
	require.False(t, changes("my/Type/main.py.types.json", `{"types":[{"name":"Type","title":"new"}]}`))
	a.remove("my/Type/lib/more.py")
	require.NotEqual(t, stamp, fine(t, a.reload(step)).Lookup("my.Type").Entry.Stamp)
}

func TestFunctionListLeavesOutAndRaises(t *testing.T) {
	for what, c := range map[string]struct {
		list, want, problem string
	}{
		"none":              {``, "sendMessage bind!", ""},
		"leaves out":        {`"functionList":[{"name":"sendMessage","loginRequired":0}],`, "sendMessage", ""},
		"raises":            {`"functionList":[{"name":"sendMessage","loginRequired":1}],`, "sendMessage!", ""},
		"default is to ask": {`"functionList":[{"name":"sendMessage"}],`, "sendMessage!", ""},
		"empty":             {`"functionList":[],`, "", ""},
		"adds":              {`"functionList":[{"name":"inner"}],`, "", problem.CodeFunctions},
		"adds unknown":      {`"functionList":[{"name":"zap"}],`, "", problem.CodeFunctions},
		"lowers":            {`"functionList":[{"name":"bind","loginRequired":0}],`, "", problem.CodeFunctions},
	} {
		t.Run(what, func(t *testing.T) {
			s := newApp(t, with(sms("SMS/one", `{"url":"u"}`), map[string]string{
				"l/e.json": `{"title":"l",` + c.list + `"type":"auths.loginTypes.PhoneType"}`, "l/l.json": `{"smsFullName":"SMS.one"}`})).load()
			if c.problem != "" {
				p := only(t, s)
				require.Equal(t, c.problem, p.Code)
				require.Equal(t, "/functionList/0", p.Pointer)
				return
			}
			fine(t, s)
			got := ""
			for i, f := range s.Lookup("l").Functions {
				if i > 0 {
					got += " "
				}
				got += f.Name
				if f.LoginRequired {
					got += "!"
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestKeysOfEJSONHaveTheirTypes(t *testing.T) {
	for key, text := range map[string]string{
		"title": `{"type":""}`, "type": `{"title":"x"}`, "accessModifier": `{"title":"x","type":"","accessModifier":"secret"}`,
		"variables": `{"title":"x","type":"","variables":{}}`, "functionList": `{"title":"x","type":"","functionList":[1]}`,
		"loginRequired": `{"title":"x","type":"","functionList":[{"name":"f","loginRequired":2}]}`, "icon": `{"title":"x","type":"","icon":1}`,
		"stands twice": `{"title":"x","type":"","title":"y"}`, "empty": ``, "object": `[]`, "data type": `{"title":"x","type":"","functionList":[{"name":"f","args":[{"name":"a","dataType":"Text"}]}]}`,
	} {
		t.Run(key, func(t *testing.T) {
			s := newApp(t, map[string]string{"x/e.json": text}).load()
			require.Contains(t, only(t, s).Message, key)
			require.Equal(t, "x/e.json", s.Problems[0].File)
			require.True(t, s.Lookup("x").Broken)
		})
	}
	fine(t, newApp(t, map[string]string{"x/e.json": "\xef\xbb\xbf" + `{"title":"x","type":"","extendType":7,"appId":[],"path":{},"backendEpath":1,"mine":null}`}).load())
}

func TestSelectors(t *testing.T) {
	s := fine(t, newApp(t, with(sms("SMS/b", `{"url":"u"}`), sms("SMS/a", `{"url":"u"}`), map[string]string{
		"other/e.json": `{"title":"o","type":"SMS.Http","tag":"blue","color":"x"}`, "other/config.json": `{"url":"u"}`})).load())
	for selector, want := range map[string]string{
		".SMS.Meta": "SMS.a SMS.b other", ".SMS.Http": "SMS.a SMS.b other", ".SMS.a": "", ".auths.loginTypes.Meta": "",
		"SMS.*": "SMS.Http SMS.Meta SMS.a SMS.b", "auths.*": "auths.loginTypes.Meta auths.loginTypes.PhoneType", "SM.*": "",
		"#tag=blue": "other", "#color=x": "other", "#tag=red": "", "#tag=blue, SMS.*,.SMS.Http": "SMS.Http SMS.Meta SMS.a SMS.b other", "SMS.a": "SMS.a",
	} {
		found, err := s.Find(selector)
		require.NoError(t, err, selector)
		require.Equal(t, want, names(found), selector)
	}
	for _, selector := range []string{"", ",", "*", ".", ".a b", "#x", "#=", "a..b"} {
		_, err := s.Find(selector)
		require.Error(t, err, selector)
	}
}
