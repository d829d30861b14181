package delivery

import (
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// Phone is a phone number in the forms that vendors want.
type Phone struct{ code, national string }

// E164 is "+8613800138000".
func (p Phone) E164() string { return "+" + p.code + p.national }

// Digits is E164 without the plus.
func (p Phone) Digits() string { return p.code + p.national }

// CountryCode is the country calling code, "86".
func (p Phone) CountryCode() string { return p.code }

// National is what follows the country calling code.
func (p Phone) National() string { return p.national }

// ParsePhone reads a number in E.164. A bare mainland number (eleven digits from
// 13 to 19) is taken as one of +86.
func ParsePhone(s string) (Phone, error) {
	digits, international := strings.CutPrefix(s, "+")
	if !international && len(digits) == 11 && digits[0] == '1' && digits[1] >= '3' {
		digits, international = "86"+digits, true
	}
	wrong := !international || len(digits) < 7 || len(digits) > 15
	for _, c := range digits {
		wrong = wrong || c < '0' || c > '9'
	}
	if wrong || digits[0] == '0' {
		return Phone{}, errcode.New(CodeParams, "a phone is not in E.164, such as +8613800138000").With("param", "phoneList")
	}
	n := callingCodeLength(digits)
	return Phone{digits[:n], digits[n:]}, nil
}

// callingCodeLength follows the list of assigned country codes of ITU-T E.164:
// no code is the beginning of another, 1 and 7 are alone, the codes below have
// two digits and all others three.
func callingCodeLength(digits string) int {
	switch digits[:2] {
	case "20", "27", "30", "31", "32", "33", "34", "36", "39",
		"40", "41", "43", "44", "45", "46", "47", "48", "49",
		"51", "52", "53", "54", "55", "56", "57", "58",
		"60", "61", "62", "63", "64", "65", "66",
		"81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98":
		return 2
	}
	if digits[0] == '1' || digits[0] == '7' {
		return 1
	}
	return 3
}
