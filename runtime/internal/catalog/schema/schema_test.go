package schema

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/strictjson"
)

func parse(t *testing.T, text string) *strictjson.Value {
	t.Helper()
	v, err := strictjson.Parse("f", []byte(text))
	require.NoError(t, err)
	return v
}

func TestAlternativesReportTheNearest(t *testing.T) {
	s, err := Compile(`{"oneOf":[{"type":"object","properties":{"url":{"type":"string"}},"required":["url"]},
		{"type":"object","properties":{"addrs":{"type":"array","items":{"type":"string"}},"masterName":{"type":"string"}},"required":["addrs"]}],
		"properties":{"url":{},"addrs":{},"masterName":{},"kind":{"anyOf":[{"type":"integer"},{"type":"boolean"}]}}}`)
	require.NoError(t, err)
	require.Empty(t, s.Validate(parse(t, `{"url":"x"}`)))
	findings := s.Validate(parse(t, `{"url":7}`))
	require.Equal(t, "expected a string, not 7", findings[0].Message)
	findings = s.Validate(parse(t, `{"url":"x","kind":"secret"}`))
	require.Equal(t, "expected boolean or integer", findings[0].Message)
	require.Equal(t, []string{"kind"}, findings[0].Tokens)
	require.NotEmpty(t, s.Validate(parse(t, `{"url":"x","addrs":["y"]}`)))
}

func TestSchemasThroughReferences(t *testing.T) {
	s, err := Compile(`{"$ref":"#/$defs/Config","$defs":{"Config":{"type":"object","additionalProperties":false,
		"properties":{"routes":{"type":"array","items":{"$ref":"#/$defs/Route"}},"keys":{"type":"object","writeOnly":true,"additionalProperties":{"type":"string"}}}},
		"Route":{"type":"object","additionalProperties":false,"properties":{"use":{"type":"array","items":{"type":"string","x-element":"SMS.Meta"}},"weight":{"type":"integer"}}}}}`)
	require.NoError(t, err)
	v := parse(t, `{"routes":[{"use":["SMS.a","SMS.b"],"weight":1}],"keys":{"k":"hunter2"}}`)
	require.Empty(t, s.Validate(v))
	refs := s.References(v)
	require.Len(t, refs, 2)
	require.Equal(t, Reference{[]string{"routes", "0", "use", "1"}, "SMS.b", "SMS.Meta"}, refs[1])
	require.Equal(t, map[string]any{"k": "******"}, s.Masked(v)["keys"])
	findings := s.Validate(parse(t, `{"routes":[{"wieght":1}]}`))
	require.Equal(t, `unknown key "wieght"; did you mean "weight"?`, findings[0].Message)
	require.True(t, findings[0].Unknown)
}

func TestCompileRefuses(t *testing.T) {
	for _, text := range []string{`[`, `[]`, `{"type":"nothing"}`, `{"$ref":"https://example.com/s.json"}`, `{"$ref":"file:///etc/passwd"}`} {
		_, err := Compile(text)
		require.Error(t, err, text)
	}
	s, err := Compile("")
	require.NoError(t, err)
	require.Empty(t, s.Validate(parse(t, `{}`)))
	require.NotEmpty(t, s.Validate(parse(t, `{"a":1}`)))
}
