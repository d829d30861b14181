package numbering

import (
	"strings"
	"unicode/utf8"

	"github.com/lintel-run/lintel/internal/decimal"
)

// readSpelling returns the digits of a spelling and reports whether it begins with
// a plus. Format characters are no part of it; digits may be of any script, and the
// scheme tel: may stand before it. It refuses letters, extensions, line ends and
// whatever else no number needs, because an identity must not depend on how such
// text is understood.
func readSpelling(text string) (digits string, international, ok bool) {
	if len(text) > maxBytes {
		return "", false, false
	}
	text = withoutScheme(decimal.Plain(text))
	if utf8.RuneCountInString(text) > maxChars {
		return "", false, false
	}
	var b strings.Builder
	for _, c := range text {
		switch {
		case '0' <= c && c <= '9':
			b.WriteByte(byte(c))
		case c == '+' || c == '＋':
			if international || b.Len() > 0 {
				return "", false, false
			}
			international = true
		case separator(c):
		default:
			return "", false, false
		}
	}
	digits = b.String()
	if digits == "" || len(digits) > maxDigits {
		return "", false, false
	}
	return digits, international, true
}

// withoutScheme returns the number of a tel URI (RFC 3966), and any other text as it
// is.
func withoutScheme(text string) string {
	const scheme = "tel:"
	trimmed := strings.TrimLeftFunc(text, separator)
	if len(trimmed) >= len(scheme) && strings.EqualFold(trimmed[:len(scheme)], scheme) {
		return trimmed[len(scheme):]
	}
	return text
}

// separator reports whether c may stand between digits without a meaning.
func separator(c rune) bool {
	switch c {
	case ' ', '-', '.', '(', ')', '/',
		'\u00a0', '\u2009', '\u202f', '\u3000', // spaces
		'\u2010', '\u2011', '\u2012', '\u2013', '\u2212', '\uff0d', // hyphens
		'\uff08', '\uff09': // full-width brackets
		return true
	}
	return false
}
