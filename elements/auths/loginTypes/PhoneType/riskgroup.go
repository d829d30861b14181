package phonetype

import "github.com/lintel-run/lintel/elements/phone/numbering"

// dialPrefixDigits is the length of a dial prefix: the country code and what
// follows it, few enough digits that a prefix holds thousands of numbers.
const dialPrefixDigits = 7

// riskGroups returns the groups that a number in E.164 belongs to: its dial prefix
// and its country. Whoever is paid for messages to numbers of their own has many
// numbers in one group.
func riskGroups(e164 string) []string {
	return []string{
		"prefix " + e164[:min(1+dialPrefixDigits, len(e164))],
		"country " + numbering.Region(e164),
	}
}
