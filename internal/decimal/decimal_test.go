package decimal

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// Unicode encodes the digits of a script in a row that begins with zero. Digit relies
// on it.
func TestEveryScriptsDigitsAreInARow(t *testing.T) {
	count := 0
	for c := rune(0); c <= unicode.MaxRune; c++ {
		value, ok := Digit(c)
		if ok != unicode.Is(unicode.Nd, c) || ok && value != count%10 {
			t.Fatalf("%U: %d, %t", c, value, ok)
		}
		if ok {
			count++
		}
	}
	require.Zero(t, count%10)
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"\u202d138\u202c\u200b\ufeff\u00ad": "138", "٠١٢٣٤٥٦٧٨٩": "0123456789", "۰۱۲": "012", "०१२": "012", "１２": "12",
		"𝟎𝟏𝟗𝟘𝟡": "01909", "²①½Ⅷ": "²①½Ⅷ", "a\x00\n b": "a\x00\n b", "": "",
	} {
		require.Equal(t, want, Plain(text), "%q", text)
	}
}
