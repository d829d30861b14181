package strictjson

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseKeepsPlaces(t *testing.T) {
	v, err := Parse("f", []byte("\xef\xbb\xbf{\n\"a\": [1,\n {\"b/c\": \"x\\u00e9\\n\"}],\n\"t\": true, \"n\": null, \"d\": -1.5e3 }\n"))
	require.NoError(t, err)
	at, line := v.At([]string{"a", "1", "b/c"})
	require.Equal(t, 3, line)
	require.Equal(t, "xé\n", at.Text)
	require.Equal(t, "/a/1/b~1c", Pointer([]string{"a", "1", "b/c"}))
	require.Equal(t, `{"a":[1,{"b/c":"xé\n"}],"t":true,"n":null,"d":-1.5e3}`, string(v.Append(nil)))
	require.Equal(t, map[string]any{"a": []any{json.Number("1"), map[string]any{"b/c": "xé\n"}}, "t": true, "n": nil, "d": json.Number("-1.5e3")}, v.Any())
	_, line = v.At([]string{"a", "7"})
	require.Equal(t, 2, line, "as far as it leads")
}

func TestParseErrors(t *testing.T) {
	for text, message := range map[string]string{
		"":                         "1: the text is empty",
		" \n":                      "the text is empty",
		"{\n\"a\":1,\n\"a\":2}":    `3: "a" stands twice in one object, first in line 2`,
		`{"a":1,}`:                 "a comma stands before",
		"[1,\n]":                   "a comma stands before",
		`[1 2]`:                    "expecting ',' or ']'",
		`{"a" 1}`:                  "expecting ':'",
		`{"a":1 b}`:                "expecting ',' or '}'",
		`{a:1}`:                    "a member's name in double quotes is expected",
		`{"a":}`:                   "missing value after object name",
		`{} {}`:                    "after the end",
		`"\q"`:                     "escape",
		"\"a\nb\"":                 "control character",
		`"open`:                    "ends too early",
		"\"\xff\"":                 "not UTF-8",
		`[01]`:                     "expecting ',' or ']'",
		`1.`:                       "ends too early",
		`+1`:                       "at start of value",
		`1e999`:                    "out of range",
		`1e-9999999`:               "out of range",
		strings.Repeat("1", 65):    "out of range",
		`nul`:                      "ends too early",
		"{\n // x\n}":              "2: JSON has no comments",
		strings.Repeat("[", 10000): "nested deeper",
	} {
		_, err := Parse("f", []byte(text))
		require.ErrorContains(t, err, message, text)
		require.ErrorAs(t, err, new(*SyntaxError))
	}
}

func TestCheck(t *testing.T) {
	for text, kind := range map[string]error{
		`{"a":[{"b":1}]}`:     nil,
		`{"a":[{"b":[1]}]}`:   ErrTooDeep,
		`{"a":{"b":1,"b":2}}`: ErrDuplicate,
		"\"\xff\"":            ErrNotUTF8,
	} {
		require.ErrorIs(t, Check([]byte(text), 3), kind, text)
	}
	var bad *SyntaxError
	require.ErrorAs(t, Check([]byte(`{"x":1,"\u0078":2}`), 3), &bad)
	require.Equal(t, "/x", bad.Pointer)
	require.Error(t, Check([]byte(`{} x`), 3))
}

func TestMergeJoinsObjectsAndReplacesTheRest(t *testing.T) {
	base, err := Parse("base", []byte(`{"o":{"a":1,"b":[1,2]},"x":1}`))
	require.NoError(t, err)
	over, err := Parse("over", []byte(`{"o":{"b":[3],"c":null},"y":{"z":1}}`))
	require.NoError(t, err)
	merged := Merge(base, over)
	require.Equal(t, `{"o":{"a":1,"b":[3],"c":null},"x":1,"y":{"z":1}}`, string(merged.Append(nil)))
	at, _ := merged.At([]string{"o", "a"})
	require.Equal(t, "base", at.File)
	at, _ = merged.At([]string{"o", "b", "0"})
	require.Equal(t, "over", at.File)
	require.Equal(t, `{"o":{"a":1,"b":[1,2]},"x":1}`, string(base.Append(nil)))
	require.Equal(t, over, Merge(nil, over))
	require.Equal(t, `{"x":1}`, string(base.Without("o").Append(nil)))
}
