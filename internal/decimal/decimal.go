// Package decimal reads decimal digits of any script, as people type and paste
// them.
package decimal

import (
	"strings"
	"unicode"
)

// Digit returns the value of a decimal digit of any script (Unicode category Nd).
func Digit(c rune) (value int, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0'), true
	case c <= unicode.MaxASCII:
		return 0, false
	}
	for _, r := range unicode.Nd.R16 {
		if rune(r.Lo) <= c && c <= rune(r.Hi) {
			return int(c-rune(r.Lo)) % 10, true
		}
	}
	for _, r := range unicode.Nd.R32 {
		if rune(r.Lo) <= c && c <= rune(r.Hi) {
			return int(c-rune(r.Lo)) % 10, true
		}
	}
	return 0, false
}

// Plain returns text with its decimal digits in ASCII and without format characters
// (category Cf), such as the marks of writing direction that come with a copied
// number.
func Plain(text string) string {
	return strings.Map(func(c rune) rune {
		if value, ok := Digit(c); ok {
			return rune('0' + value)
		}
		if unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, text)
}
