package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Mask gives a number as it may be shown and logged: of its national digits the
// first three and the last four where there are eleven or more, else only the
// last two. e164 is what Normalize gave; of anything else nothing is shown.
func Mask(e164 string) string {
	national := nationalDigits(e164)
	head, tail := 0, 2
	if len(national) >= 11 {
		head, tail = 3, 4
	}
	if len(national) <= head+tail {
		return "****"
	}
	return national[:head] + strings.Repeat("*", len(national)-head-tail) + national[len(national)-tail:]
}

func nationalDigits(e164 string) string {
	if strings.HasPrefix(e164, "+86") && chineseMobile(e164[3:]) {
		return e164[3:]
	}
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetNationalSignificantNumber(number)
}
