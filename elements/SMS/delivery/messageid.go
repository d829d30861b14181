package delivery

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/elements/phone"
)

// storedID returns a vendor's ID of a message as it may be stored: without the phone and
// without credentials. A send and its receipt get the same. numbers are those that the
// phone may be. A receipt may not name it: a number with a plus, and one at the end that
// has the length of a phone with its country code, are masked in any case.
func (s *Sender) storedID(id string, numbers ...phone.Number) string {
	if parts := trailingMobile.FindStringSubmatch(id); parts != nil {
		id = parts[1] + phone.Mask("+86"+parts[2])
	} else if parts := trailingNumber.FindStringSubmatch(id); parts != nil {
		// Many such numbers are no phones: a digest keeps the IDs apart. Its key keeps
		// the phone from being found by trial.
		id = parts[1] + phone.Mask("+"+parts[2]) + "~" + HexHMAC(strings.Join(s.secrets, "\x00"), id)[:16]
	}
	return s.hideSecrets(maskID(id, numbers))
}

// maskID masks the phone in an ID, if it is one of numbers or has a plus.
func maskID(id string, numbers []phone.Number) string {
	var forms [][2]string
	for _, number := range numbers {
		mask := phone.Mask(number.E164())
		for _, form := range []string{number.E164(), number.Digits(), number.National()} {
			if len(form) >= minMasked {
				forms = append(forms, [2]string{form, maskForm(form, mask)})
			}
		}
	}
	slices.SortStableFunc(forms, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) })
	for _, form := range forms {
		id = strings.ReplaceAll(id, form[0], form[1])
	}
	return internationalNumber.ReplaceAllStringFunc(id, func(e164 string) string { return maskForm(e164, phone.Mask(e164)) })
}

// maskForm returns the mask of a number as an ID writes it. A form that could be a
// mainland number is masked as one, since a receipt doesn't tell which it is.
func maskForm(form, mask string) string {
	if digits := strings.TrimPrefix(form, "+"); phone.IsMainlandMobile(digits) {
		return phone.Mask("+86" + digits)
	}
	return mask
}

// hideSecrets replaces the credentials that a vendor writes into its ID of a message.
func (s *Sender) hideSecrets(id string) string {
	for _, secret := range s.secrets {
		if len(secret) >= minMasked {
			id = strings.ReplaceAll(id, secret, "****")
		}
	}
	return id
}

// minMasked is the length of the shortest number or secret that is looked for: a shorter
// one occurs in any ID.
const minMasked = 6

var (
	trailingMobile      = regexp.MustCompile(`^(.*[^0-9+])(?:\+?86)?(1[3-9][0-9]{9})$`)
	trailingNumber      = regexp.MustCompile(`^(.*[^0-9+])([1-9][0-9]{9,14})$`)
	internationalNumber = regexp.MustCompile(`\+[1-9][0-9]{6,14}`)
)

// receiptPhones returns the numbers that a receipt's text may be: a vendor writes phones
// with or without plus, mainland ones also without country code.
func receiptPhones(text string) (numbers []phone.Number) {
	if text == "" {
		return nil
	}
	international := "+" + strings.TrimLeft(strings.TrimPrefix(text, "00"), "+")
	for _, form := range []string{text, international} {
		if number, err := phone.Parse(form); err == nil && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}
