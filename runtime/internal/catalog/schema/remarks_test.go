package schema

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/strictjson"
)

func TestWarningsAreOfTheConfigurationsThatFit(t *testing.T) {
	s, err := Compile(`{"properties": {"plain": {"type": "boolean"}, "list": {"type": "object", "properties": {"a/b": {}}}}, "x-warnings": [
		{"if": {"properties": {"plain": {"const": true}}, "required": ["plain"]}, "pointer": "/plain", "message": "plain"},
		{"if": {"required": ["list"]}, "pointer": "/list/a~1b", "message": "listed"},
		{"if": {"not": {"required": ["list"]}}, "message": "unlisted"}]}`)
	require.NoError(t, err)
	for config, want := range map[string][]Finding{
		`{}`:                          {{Message: "unlisted"}},
		`{"plain": false}`:            {{Message: "unlisted"}},
		`{"plain": true, "list": {}}`: {{Tokens: []string{"plain"}, Message: "plain"}, {Tokens: []string{"list", "a/b"}, Message: "listed"}},
		`{"list": {"a/b": 1}}`:        {{Tokens: []string{"list", "a/b"}, Message: "listed"}},
	} {
		v, err := strictjson.Parse("config.json", []byte(config))
		require.NoError(t, err)
		require.Empty(t, s.Validate(v), config)
		require.Equal(t, want, s.Warnings(v), config)
	}
}

func TestRefusalsAreOfTheConfigurationsThatFit(t *testing.T) {
	s, err := Compile(`{"properties": {"a": {}, "b": {}}, "x-refusals": [{"if": {"required": ["a", "b"]}, "pointer": "/b", "message": "only one of them may be"}]}`)
	require.NoError(t, err)
	for config, want := range map[string][]Finding{`{"a": 1}`: nil, `{"a": 1, "b": 1}`: {{Tokens: []string{"b"}, Message: "only one of them may be"}}} {
		v, err := strictjson.Parse("config.json", []byte(config))
		require.NoError(t, err)
		require.Empty(t, s.Validate(v), config)
		require.Empty(t, s.Warnings(v), config)
		require.Equal(t, want, s.Refusals(v), config)
	}
}

func TestAValueHasToBeInTheListBesideIt(t *testing.T) {
	s, err := Compile(`{"properties": {"list": {"type": "array"}, "one": {"type": "string", "x-among": "list"},
		"hidden": {"x-among": "list", "writeOnly": true}, "below": {"type": "object", "properties": {"list": {}, "one": {"x-among": "list"}}}}}`)
	require.NoError(t, err)
	for config, want := range map[string][]Finding{
		`{}`: nil, `{"list": ["a"]}`: nil, `{"one": "a"}`: nil, `{"list": ["b", "a"], "one": "a"}`: nil,
		`{"list": ["b"], "one": "a"}`:                           {{Tokens: []string{"one"}, Message: `"a" is not among list`}},
		`{"list": [], "one": "a"}`:                              {{Tokens: []string{"one"}, Message: `"a" is not among list`}},
		`{"list": ["a"], "below": {"list": ["b"], "one": "a"}}`: {{Tokens: []string{"below", "one"}, Message: `"a" is not among list`}},
		`{"list": ["b"], "below": {"list": ["a"], "one": "a"}}`: nil,
		`{"list": ["b"], "hidden": "a"}`:                        {{Tokens: []string{"hidden"}, Message: "the value is not among list"}},
	} {
		v, err := strictjson.Parse("config.json", []byte(config))
		require.NoError(t, err)
		require.Empty(t, s.Validate(v), config)
		require.Equal(t, want, s.Refusals(v), config)
	}
}

func TestWarningsThatCantBeReadAreErrors(t *testing.T) {
	for _, keyword := range []string{`{}`, `[1]`, `[{"message": "no if"}]`, `[{"if": true}]`, `[{"if": {"type": 1}, "message": "m"}]`, `[{"if": {"$ref": "https://x.example/y"}, "message": "m"}]`} {
		for _, name := range []string{"x-warnings", "x-refusals"} {
			_, err := Compile(`{"` + name + `": ` + keyword + `}`)
			require.ErrorContains(t, err, name, keyword)
		}
	}
}
