package utf8file

import (
	"errors"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

func utf16of(text string, big bool) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if big {
			out = append(out, byte(unit>>8), byte(unit))
		} else {
			out = append(out, byte(unit), byte(unit>>8))
		}
	}
	return out
}

func TestOnlyUTF8IsRead(t *testing.T) {
	for _, text := range []string{"", "a\nb", "签名"} {
		for _, mark := range []string{"", "\ufeff"} {
			got, err := Text([]byte(mark + text))
			require.NoError(t, err)
			require.Equal(t, text, string(got))
		}
	}
	for name, c := range map[string]struct {
		src  []byte
		line int
		says string
	}{
		"GBK":                       {[]byte("A=1\nB=2\nSIGN=\xc7\xa9\xc3\xfb\n"), 3, "GBK"},
		"GBK in the first line":     {[]byte("\xc3\xfb"), 1, "GBK"},
		"GBK behind a mark":         {[]byte("\xef\xbb\xbfA\n\xc3\xfb"), 2, "GBK"},
		"Latin-1":                   {[]byte("A\nB\nC=\xe9"), 3, "not UTF-8"},
		"UTF-16, little-endian":     {utf16of("\ufeffSIGN=签名", false), 1, "UTF-16"},
		"UTF-16, big-endian":        {utf16of("\ufeffSIGN=签名", true), 1, "UTF-16"},
		"UTF-16 without a mark":     {utf16of("SIGN=签名", false), 1, "UTF-16"},
		"UTF-16 without a mark, BE": {utf16of("SIGN=签名", true), 1, "UTF-16"},
		"half a character":          {[]byte("A=\xe7\xad"), 1, "not UTF-8"},
		"a surrogate":               {[]byte("A=\xed\xa0\x80"), 1, "not UTF-8"},
	} {
		_, err := Text(c.src)
		var bad *Error
		require.True(t, errors.As(err, &bad), name)
		require.Equal(t, c.line, bad.Line, name)
		require.Contains(t, bad.Error(), c.says, name)
		require.Contains(t, bad.Error(), "save it as UTF-8", name)
	}
}
