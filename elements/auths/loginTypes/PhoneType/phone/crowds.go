package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// prefixDigits are those of a dial prefix: the country code and what follows it,
// few enough that a prefix is thousands of numbers, of one operator mostly.
const prefixDigits = 7

// Crowds names what a number, in E.164, has in common with others: its dial prefix
// and its country. Whoever is paid for messages to numbers of theirs has many in
// one of these.
func Crowds(e164 string) []string {
	return []string{
		"prefix " + e164[:min(1+prefixDigits, len(e164))],
		"country " + country(e164),
	}
}

func country(e164 string) string {
	if strings.HasPrefix(e164, "+86") {
		return china
	}
	number, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(number)
}
