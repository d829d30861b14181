package strictjson

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCharactersThatLookLikeJSONAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"{\"a\": 1，\"b\": 2}":         "'，' (U+FF0C) stands where JSON wants a comma",
		"{\"a\"：1}":                   "'：' (U+FF1A) stands where JSON wants a colon",
		"{“a”: 1}":                    "'“' (U+201C) stands where JSON wants a double quote",
		"{\"a\": ‘x’}":                "'‘' (U+2018) stands where JSON wants a double quote",
		"{'a': 1}":                    `'\'' (U+0027) stands where JSON wants a double quote`,
		"｛\"a\": 1｝":                  "'｛' (U+FF5B) stands where JSON wants an opening brace",
		"{\"a\":　1}":                  "'\\u3000' (U+3000) stands where JSON wants a space",
		"{\"a\": 1 # why\n}":          "JSON has no comments",
		"{\"a\": 1, // why\n\"b\":1}": "JSON has no comments",
		"{\"a\": 1,}":                 "a comma stands before the closing brace or bracket",
		"\xff\xfe{\x00}\x00":          "the text is UTF-16; save it as UTF-8",
		"\xfe\xff\x00{\x00}":          "the text is UTF-16; save it as UTF-8",
	} {
		_, err := Parse("f.json", []byte(text))
		var wrong *SyntaxError
		require.ErrorAs(t, err, &wrong, text)
		require.Equal(t, want, wrong.Message, text)
		require.Equal(t, 1, wrong.Line)
	}
}
