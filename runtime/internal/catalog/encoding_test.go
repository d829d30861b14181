package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/problem"
)

// Whatever file of an app isn't UTF-8 is an error that names file, line and cure, and
// leaves what served before. A byte order mark of UTF-8 is none.
func TestFilesThatAreNotUTF8(t *testing.T) {
	const gbk = "\xc7\xa9\xc3\xfb" // "签名" in GBK
	good := with(sms("SMS/one", `{"url":"{{V}}","note":"签名"}`), map[string]string{".env": "V=old\n", "app.json": appJSON})
	for file, bad := range map[string]string{
		".env":             "V=1\n# x\nW=" + gbk + "\n",
		"app.json":         "{\"appId\":\"org.app\",\n\n\"title\":\"" + gbk + "\"}",
		"SMS/one/e.json":   "{\"title\":\"An SMS\",\n\n\"description\":\"" + gbk + "\",\"type\":\"SMS.Http\"}",
		"SMS/one/sms.json": "{\"url\":\"new\",\n\n\"note\":\"" + gbk + "\"}",
	} {
		for name, text := range map[string]string{
			"GBK": bad, "UTF-16": "\xff\xfe{\x00}\x00", "UTF-16 without a mark": "{\x00}\x00",
		} {
			t.Run(file+" in "+name, func(t *testing.T) {
				a := newApp(t, good)
				require.Equal(t, "old", url(fine(t, a.load()), "SMS.one"))
				a.write(file, text)
				s := a.reload(step)
				p := only(t, s)
				require.Equal(t, file, p.File)
				require.Equal(t, problem.CodeSyntax, p.Code)
				require.Contains(t, p.Message, "save it as UTF-8")
				require.NotContains(t, p.Message, "\uFFFD")
				if name == "GBK" {
					require.Equal(t, 3, p.Line)
					require.Contains(t, p.Message, "GBK")
				} else {
					require.Contains(t, p.Message, "UTF-16")
				}
				require.Equal(t, "old", url(s, "SMS.one"), "the last good stays")
				a.write(file, "\xef\xbb\xbf"+good[file])
				require.Equal(t, "old", url(fine(t, a.reload(step)), "SMS.one"), "a mark is no error")
			})
		}
	}
}

// A value of the process environment may hold any bytes; none goes to a vendor as U+FFFD.
func TestAVariableThatIsNotUTF8(t *testing.T) {
	a := newApp(t, with(sms("SMS/one", "{\n\"url\":\"x{{V}}\"}"), map[string]string{
		"app.json": `{"appId":"org.app","variables":[{"name":"V"}]}`,
	}))
	a.cfg.LookupEnv = func(name string) (string, bool) { return "\xc7\xa9\xc3\xfb", name == "V" }
	p := only(t, a.load())
	require.Equal(t, "SMS/one/sms.json", p.File)
	require.Equal(t, 2, p.Line)
	require.Equal(t, "/url", p.Pointer)
	require.Contains(t, p.Message, "V is not UTF-8")
}
