package catalog

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/problem"
)

func FuzzEJSON(f *testing.F) {
	f.Add([]byte(`{"title":"x","type":"a.b","functionList":[{"name":"f","loginRequired":0,"args":[{"name":"a","dataType":"Stext","value":[1]}]}],"variables":[{"name":"A","default":1}]}`))
	f.Add([]byte(`{"title":"x","type":"","args":["a"],"accessModifier":"private","frontBundleEntry":"./x.json"}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		m, problems := manifest.Parse("a.b", "a/b/e.json", src)
		require.Equal(t, m == nil, problem.Failed(problems))
		for _, p := range problems {
			require.NotEmpty(t, p.Message)
			require.NotZero(t, p.Line)
		}
		if m == nil {
			return
		}
		require.True(t, json.Valid(m.Raw))
		again, problems := manifest.Parse("a.b", "a/b/e.json", m.Raw)
		require.Empty(t, problems)
		require.Equal(t, m.Raw, again.Raw)
		e := &Element{manifest: m, unit: &scan.Unit{Root: &scan.Root{}}}
		e.expose([]element.Function{{Name: "f", LoginRequired: true}})
		for _, kept := range e.Functions {
			require.Equal(t, "f", kept.Name)
			require.True(t, kept.LoginRequired, "never lowered")
		}
	})
}
