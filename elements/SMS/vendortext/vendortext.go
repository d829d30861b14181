// Package vendortext cleans text from a vendor, such as a code or an ID, for errors
// and logs. A vendor may echo the phone, the login code or a key in any field.
package vendortext

import "strings"

const (
	maxLen = 128
	// minPrivateLen is the length of the shortest private value that is looked for: a
	// shorter one, such as a number of minutes, occurs in any text.
	minPrivateLen = 4
)

// Clean returns text as printable ASCII of bounded length. It reports false for
// text that contains a private value.
func Clean(text string, private []string) (clean string, ok bool) {
	for _, p := range private {
		if len(p) >= minPrivateLen && strings.Contains(text, p) {
			return "", false
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	return text[:min(len(text), maxLen)], true
}
