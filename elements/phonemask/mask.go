// Package phonemask shows a phone number the way that all of Lintel shows one, in
// the host's process, without knowing which numbers a country has.
package phonemask

import "strings"

// twoDigitCodes are the country calling codes of two digits (ITU-T E.164, list
// of assigned codes); 1 and 7 have one digit, all others three.
const twoDigitCodes = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "

// Mask shows of an E.164 number the first three and last four national
// digits when there are eleven or more, else the last two.
func Mask(e164 string) string {
	digits := strings.TrimPrefix(e164, "+")
	var national string
	switch {
	case len(digits) < 4:
		return ""
	case digits[0] == '1' || digits[0] == '7':
		national = digits[1:]
	case strings.Contains(twoDigitCodes, " "+digits[:2]+" "):
		national = digits[2:]
	default:
		national = digits[3:]
	}
	if n := len(national); n >= 11 {
		return national[:3] + strings.Repeat("*", n-7) + national[n-4:]
	} else if n > 2 {
		return strings.Repeat("*", n-2) + national[n-2:]
	}
	return strings.Repeat("*", len(national))
}
