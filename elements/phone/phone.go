// Package phone represents phone numbers in E.164: it parses, splits and masks
// them. It knows country calling codes, but not which numbers a country has;
// package numbering does, at the price of libphonenumber's tables.
package phone

import (
	"errors"
	"strings"
)

// ErrInvalid reports a number that isn't in E.164.
var ErrInvalid = errors.New("phone: not in E.164")

// Number is a phone number in E.164.
type Number struct{ countryCode, national string }

// Parse parses a number in E.164, such as +8613800138000. It also accepts a
// mainland Chinese mobile number without its country code.
func Parse(s string) (Number, error) {
	digits, international := strings.CutPrefix(s, "+")
	if !international && IsMainlandMobile(digits) {
		return Number{mainland, digits}, nil
	}
	if !international || !isE164(digits) {
		return Number{}, ErrInvalid
	}
	n := countryCodeLen(digits)
	return Number{digits[:n], digits[n:]}, nil
}

// Same reports whether a and b are spellings, as Parse takes them, of one number.
func Same(a, b string) bool {
	first, err := Parse(a)
	if err != nil {
		return false
	}
	second, err := Parse(b)
	return err == nil && first == second
}

func isE164(digits string) bool {
	return 7 <= len(digits) && len(digits) <= 15 && digits[0] != '0' && isDigits(digits)
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// E164 returns the number with a plus, as in +8613800138000.
func (n Number) E164() string { return "+" + n.Digits() }

// Digits returns the number in E.164 without the plus.
func (n Number) Digits() string { return n.countryCode + n.national }

// CountryCode returns the country calling code, such as 86.
func (n Number) CountryCode() string { return n.countryCode }

// National returns the national significant number: what follows the country
// calling code.
func (n Number) National() string { return n.national }
