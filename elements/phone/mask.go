package phone

import "strings"

// Mask returns a number as it may be shown and logged: the first three and the
// last four of its national digits if there are at least eleven, else only the
// last two. It shows nothing of what isn't an international number.
func Mask(e164 string) string {
	digits := strings.TrimPrefix(e164, "+")
	switch {
	case len(digits) < 4:
		return ""
	case !isDigits(digits):
		return "****"
	}
	national := digits[countryCodeLen(digits):]
	head, tail := 0, 2
	if len(national) >= 11 {
		head, tail = 3, 4
	}
	hidden := max(0, len(national)-head-tail)
	if hidden == 0 {
		return strings.Repeat("*", len(national))
	}
	return national[:head] + strings.Repeat("*", hidden) + national[len(national)-tail:]
}
