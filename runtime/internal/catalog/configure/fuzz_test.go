package configure

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

const httpSchema = `{"type":"object","additionalProperties":false,"required":["url"],"properties":{"url":{"type":"string","minLength":1},"timeout":{"type":"integer","minimum":1},"secret":{"type":"string","writeOnly":true},"note":{"type":"string"},"flag":{"enum":[0,1]},"list":{"type":"array","items":{"type":"string"}},"nested":{"type":"object","properties":{"alpha":{"type":"string"},"beta":{"type":"number"}}}}}`

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"url":"{{A}}","timeout":"{{N}}"}`), "x", "1")
	f.Add([]byte(`{"url":"{{{{A}} {{A}}{{N}}","list":"{{A}}"}`), `["{{N}}"]`, "-1e3")
	f.Add([]byte(`{"nested":{"beta":"{{N}}","alpha":"{{A}}"}}`), `"`, "{}")
	s, err := schema.Compile(httpSchema)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, src []byte, a, n string) {
		v, err := strictjson.Parse("sms.json", src)
		require.Equal(t, err == nil, v != nil)
		if err != nil || v.Kind != strictjson.Object {
			return
		}
		require.True(t, json.Valid(v.Append(nil)))
		x := expander{source: &variables.Source{Fixed: map[string]string{"A": a, "N": n}}}
		expanded := s.Coerce(x.value(v, nil))
		if len(x.problems) > 0 {
			return
		}
		text := expanded.Append(nil)
		if json.Valid([]byte(`"` + a + `"`)) {
			require.True(t, json.Valid(text))
		}
		findings := s.Validate(expanded)
		for _, finding := range findings {
			require.NotEmpty(t, finding.Message)
		}
		s.References(expanded)
		if secret := expanded.Get("secret"); secret != nil && secret.Kind == strictjson.String {
			require.Equal(t, variables.Mask, s.Masked(expanded)["secret"])
		}
	})
}
