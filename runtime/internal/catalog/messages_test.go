package catalog

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

var updateMessages = flag.Bool("update", false, "write testdata/messages.golden")

// broken are apps with one mistake each, in the order of testdata/messages.golden.
// HUNTER2 stands for a secret.
func broken() []struct {
	what  string
	files map[string]string
} {
	type input = struct {
		what  string
		files map[string]string
	}
	config := func(what, config string) input { return input{what, sms("SMS/one", config)} }
	element := func(what, e string) input {
		return input{what, map[string]string{"SMS/one/e.json": e, "SMS/one/sms.json": `{"url":"u"}`}}
	}
	app := func(what, app string) input { return input{what, map[string]string{"app.json": app}} }
	file := func(name, text string) input { return input{name, map[string]string{name: text}} }
	return []input{
		config("unknown key", `{"url":"u","timout":5}`),
		config("key in another case", `{"URL":"u"}`),
		config("text for a number", `{"url":"u","timeout":"5 s"}`),
		config("fraction", `{"url":"u","timeout":1.5}`),
		config("too small", `{"url":"u","timeout":-1}`),
		config("number for a text", `{"url":5}`),
		config("null", `{"url":null}`),
		config("secret of the wrong type", `{"url":"u","secret":["HUNTER2"]}`),
		config("number for a secret", `{"url":"u","secret":8642097}`),
		config("not allowed", `{"url":"u","flag":2}`),
		config("text that is not allowed", `{"url":"u","flag":"yes"}`),
		config("text for a list", `{"url":"u","list":"a"}`),
		config("object for a text", `{"url":{"a":"HUNTER2"}}`),
		config("further in", `{"url":"u","nested":{"Alpha":"x"}}`),
		config("key twice", `{"url":"u","url":"v"}`),
		config("comma at the end", `{"url":"u",}`),
		config("no comma", `{"url":"u" "timeout":5}`),
		config("full-width quotes", `{“url”:"u"}`),
		config("full-width colon", `{"url"："u"}`),
		config("full-width comma", `{"url":"u"，"timeout":5}`),
		config("single quotes", `{'url':'u'}`),
		config("key without quotes", `{url:"u"}`),
		config("comment", "{\n// the address\n\"url\":\"u\"}"),
		config("empty file", ``),
		config("list", `[]`),
		config("cut off", `{"url":"u"`),
		config("UTF-16", "\xff\xfe{\x00}\x00"),
		config("GBK", "{\"url\":\"\xc4\xe3\"}"),
		config("variable without a value", `{"url":"{{ADDRESS}}"}`),
		config("wrong value of a variable", `{"url":"u","timeout":"{{SECRET}}"}`),
		element("title missing", `{"type":"SMS.Http"}`),
		element("title in another case", `{"Title":"x","type":"SMS.Http"}`),
		element("type misspelt", `{"title":"x","type":"SMS.Htpp"}`),
		element("type of another case", `{"title":"x","type":"sms.http"}`),
		element("type is a path", `{"title":"x","type":"SMS/Http"}`),
		element("type is a number", `{"title":"x","type":5}`),
		element("key misspelt", `{"title":"x","type":"SMS.Http","functonList":[]}`),
		element("key in another case ", `{"title":"x","type":"SMS.Http","accessmodifier":"private"}`),
		element("access modifier", `{"title":"x","type":"SMS.Http","accessModifier":"Private"}`),
		element("list is a text", `{"title":"x","type":"SMS.Http","functionList":"all"}`),
		element("login required", `{"title":"x","type":"SMS.Http","functionList":[{"name":"sendMessage","loginRequired":"no"}]}`),
		element("data type", `{"title":"x","type":"SMS.Http","functionList":[{"name":"sendMessage","returnType":"String"}]}`),
		element("variable's key", `{"title":"x","type":"SMS.Http","variables":[{"name":"A","Secret":1,"default":"HUNTER2"}]}`),
		element("variable's name", `{"title":"x","type":"SMS.Http","variables":[{"name":"A-B"}]}`),
		element("bundle entry", `{"title":"x","type":"SMS.Http","backendBundleEntry":"/usr/bin/x"}`),
		{"function misspelt", map[string]string{"auths/loginTypes/one/e.json": `{"title":"x","type":"auths.loginTypes.PhoneType","functionList":[{"name":"sendMesage"}]}`,
			"auths/loginTypes/one/config.json": `{"smsFullName":"SMS.one"}`, "SMS/one/e.json": `{"title":"x","type":"SMS.Http"}`, "SMS/one/sms.json": `{"url":"u"}`}},
		{"reference misspelt", map[string]string{"auths/loginTypes/one/e.json": `{"title":"x","type":"auths.loginTypes.PhoneType"}`,
			"auths/loginTypes/one/config.json": `{"smsFullName":"SMS.oen"}`, "SMS/one/e.json": `{"title":"x","type":"SMS.Http"}`, "SMS/one/sms.json": `{"url":"u"}`}},
		app("appId", `{"appId":"shop"}`),
		app("appId in another case", `{"appID":"org.app"}`),
		app("key of app.json", `{"appId":"org.app","setings":{}}`),
		app("default element", `{"appId":"org.app","settings":{"defaultElement":{"defaultCahce":"caches.x"}}}`),
		app("default elements", `{"appId":"org.app","settings":{"defaultElements":{}}}`),
		app("parent's key", `{"appId":"org.app","extends":[{"appid":"org.base","path":"../base"}]}`),
		file("SMS/one/E.json", `{}`),
		file("SMS/one/e.yml", `title: x`),
		file("SMS/one/e.yaml", `title: x`),
		file("SMS/one/e.json.txt", `{}`),
		file("app.yml", `appId: x`),
		file("lintel.yml", `listen: x`),
		file("Lintel.yaml", `listen: x`),
	}
}

// One message reports each mistake, with what was found and what is allowed.
func TestMessages(t *testing.T) {
	var got strings.Builder
	for _, b := range broken() {
		a := newApp(t, with(b.files, map[string]string{".env": "SECRET=HUNTER2\n"}))
		var problems []problem.Problem
		l, err := New(a.cfg)
		if err != nil {
			var list problem.List
			require.ErrorAs(t, err, &list)
			problems = list
		} else {
			problems = l.Load(t.Context()).Problems
			require.NoError(t, l.Close())
		}
		fmt.Fprintf(&got, "# %s\n", strings.TrimSpace(b.what))
		assert.Len(t, problems, 1, "%s: %v", b.what, problems)
		for _, p := range problems {
			if p.Warning {
				got.WriteString("warning: ")
			}
			got.WriteString(p.Error() + "\n")
		}
	}
	require.NotContains(t, got.String(), "HUNTER2")
	require.NotContains(t, got.String(), "8642097")
	const golden = "testdata/messages.golden"
	if *updateMessages {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}
