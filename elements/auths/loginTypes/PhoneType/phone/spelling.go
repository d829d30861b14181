package phone

import "strings"

// read takes a spelling apart: its digits, and whether it begins with a plus.
// Letters, extensions, line ends and anything else that no number needs are
// refused: what can't be read in one way only is no identity.
func read(text string) (digits string, international, ok bool) {
	if len(text) > longest {
		return "", false, false
	}
	var b strings.Builder
	for _, c := range text {
		switch {
		case '0' <= c && c <= '9':
			b.WriteByte(byte(c))
		case '０' <= c && c <= '９': // full width
			b.WriteByte(byte('0' + c - '０'))
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
	if digits == "" || len(digits) > most {
		return "", false, false
	}
	return digits, international, true
}

// separator says whether c is written between digits and means nothing.
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
