// Package vendorword makes what a vendor calls something fit to be written down. A
// vendor may echo the phone, the code or a key in any field.
package vendorword

import "strings"

// longest bounds what of a word is kept.
const longest = 128

// Clean gives a word as printable ASCII of bounded length; it is false for one that
// holds something private. Values of three characters and less, a number of minutes
// for one, would be found everywhere and are let be.
func Clean(word string, private []string) (clean string, ok bool) {
	for _, p := range private {
		if len(p) > 3 && strings.Contains(word, p) {
			return "", false
		}
	}
	word = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, word)
	return word[:min(len(word), longest)], true
}
