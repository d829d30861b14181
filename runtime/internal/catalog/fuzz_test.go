package catalog

import (
	"encoding/json"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

func FuzzElementName(f *testing.F) {
	for _, seed := range []string{"SMS/a", "frontend/a/backend", "a//b", "../x", "a/ä", "1/2", ".", "a.b/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dir string) {
		name, bad := FullName(dir)
		if name != "" {
			require.Empty(t, bad)
			require.True(t, ValidName(name), "%q", name)
			again, _ := FullName(strings.ReplaceAll(name, ".", "/"))
			require.Equal(t, name, again)
		}
		if file, ok := localFile(dir); ok {
			require.NotContains(t, strings.Split(file, "/"), "..")
			require.False(t, path.IsAbs(file))
		}
		if kind, file := classify(dir); kind == bareCode {
			require.NotContains(t, file, "/")
			require.NotEqual(t, "..", file)
		}
	})
}

func FuzzEJSON(f *testing.F) {
	f.Add([]byte(`{"title":"x","type":"a.b","functionList":[{"name":"f","loginRequired":0,"args":[{"name":"a","dataType":"Stext","value":[1]}]}],"variables":[{"name":"A","default":1}]}`))
	f.Add([]byte(`{"title":"x","type":"","args":["a"],"accessModifier":"private","frontBundleEntry":"./x.json"}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		m, problems := parseManifest("a.b", "a/b/e.json", src)
		require.Equal(t, m == nil, failed(problems))
		for _, p := range problems {
			require.NotEmpty(t, p.Message)
			require.NotZero(t, p.Line)
		}
		if m == nil {
			return
		}
		require.True(t, json.Valid(m.raw))
		again, problems := parseManifest("a.b", "a/b/e.json", m.raw)
		require.Empty(t, problems)
		require.Equal(t, m.raw, again.raw)
		base := []Function{{Name: "f", LoginRequired: true}}
		for _, kept := range func() []Function { list, _ := m.narrow("a.b", "", base); return list }() {
			require.Equal(t, "f", kept.Name)
			require.True(t, kept.LoginRequired, "never lowered")
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"url":"{{A}}","timeout":"{{N}}"}`), "x", "1")
	f.Add([]byte(`{"url":"{{{{A}} {{A}}{{N}}","list":"{{A}}"}`), `["{{N}}"]`, "-1e3")
	f.Add([]byte(`{"nested":{"beta":"{{N}}","alpha":"{{A}}"}}`), `"`, "{}")
	described := describeHTTP(f)
	f.Fuzz(func(t *testing.T, src []byte, a, n string) {
		v, err := jsonsource.Parse("sms.json", src)
		require.Equal(t, err == nil, v != nil)
		if err != nil || v.Kind != jsonsource.Object {
			return
		}
		require.True(t, json.Valid(v.Append(nil)))
		x := expander{unit: &unit{}, source: &variables.Source{Fixed: map[string]string{"A": a, "N": n}}}
		expanded := described.schema.Coerce(x.value(v, nil))
		if len(x.problems) > 0 {
			return
		}
		text := expanded.Append(nil)
		if json.Valid([]byte(`"` + a + `"`)) {
			require.True(t, json.Valid(text))
		}
		findings := described.schema.Validate(expanded)
		for _, finding := range findings {
			require.NotEmpty(t, finding.Message)
		}
		described.schema.References(expanded)
		if secret := expanded.Get("secret"); secret != nil && secret.Kind == jsonsource.String {
			require.Equal(t, variables.Mask, described.schema.Masked(expanded)["secret"])
		}
	})
}

// describeHTTP is the tests' SMS.Http.
func describeHTTP(tb testing.TB) *described {
	tb.Helper()
	var list struct {
		Types []struct{ ConfigSchema string }
	}
	require.NoError(tb, json.Unmarshal([]byte(smsTypes), &list))
	d := describe(&elementv1.TypeDescription{Name: "SMS.Http", ConfigSchema: list.Types[0].ConfigSchema})
	require.NoError(tb, d.err)
	return d
}
