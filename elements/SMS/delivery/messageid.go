package delivery

import (
	"regexp"
	"strings"

	"github.com/lintel-run/lintel/elements/phone"
)

// maskID masks the phone in a vendor's ID of a message, so that the ID can be stored. A
// send and its receipt get the same ID. The receipt may not name the phone: a mainland
// mobile number at the end is masked in any case.
func maskID(id string, number phone.Number) string {
	if number.National() != "" {
		mask := phone.Mask(number.E164())
		for _, form := range []string{number.E164(), number.Digits(), number.National()} {
			if len(form) >= minMasked {
				id = strings.ReplaceAll(id, form, mask)
			}
		}
	}
	if parts := trailingMobile.FindStringSubmatch(id); parts != nil {
		id = parts[1] + phone.Mask("+86"+parts[2])
	}
	return id
}

// minMasked is the length of the shortest number that is looked for: a shorter one
// occurs in any ID.
const minMasked = 6

var trailingMobile = regexp.MustCompile(`^(.*[^0-9+])(?:\+?86)?(1[3-9][0-9]{9})$`)

// receiptPhone returns the phone as a vendor writes it in a receipt: with or without
// plus, mainland ones also without country code.
func receiptPhone(text string) phone.Number {
	number, err := phone.Parse(text)
	if err != nil {
		number, _ = phone.Parse("+" + strings.TrimPrefix(text, "00"))
	}
	return number
}
