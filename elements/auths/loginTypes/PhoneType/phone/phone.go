// Package phone turns what people type into one name for a number: E.164. It
// knows which numbers a login may take, and how a number is shown.
package phone

import (
	"errors"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// The errors of Rules.Normalize.
var (
	// ErrInvalid: not the number of a mobile phone.
	ErrInvalid = errors.New("phone: not a mobile number")
	// ErrRegion: a mobile number of a region that is not allowed.
	ErrRegion = errors.New("phone: the region is not allowed")
)

const (
	china = "CN"
	// longest is the longest spelling that is looked at, in bytes: 15 digits, a
	// prefix, and a separator of three bytes after each.
	longest = 80
	// most is how many digits a spelling may have: 15 and an international prefix.
	most = 20
)

// Rules says which numbers are taken.
type Rules struct {
	regions map[string]bool
	region  string
}

// NewRules makes the rules of a login: regions are allowed, and a number without
// country code is one of region. All are ISO 3166 codes in capitals; the first
// that is none is returned.
func NewRules(regions []string, region string) (rules *Rules, unknown string) {
	r := &Rules{regions: make(map[string]bool, len(regions)), region: region}
	for _, name := range append(append([]string(nil), regions...), region) {
		if name != china && phonenumbers.GetCountryCodeForRegion(name) == 0 {
			return nil, name
		}
	}
	for _, name := range regions {
		r.regions[name] = true
	}
	return r, ""
}

// Normalize gives the E.164 form of a number: the same for every spelling of it.
// What it gives is normal: normalizing it again changes nothing.
//
// A Chinese number is 1[3-9] and nine digits. Any other must be valid and of a
// kind that takes messages, mobile or fixed-or-mobile.
func (r *Rules) Normalize(text string) (string, error) {
	digits, international, ok := read(text)
	if !ok {
		return "", ErrInvalid
	}
	e164, region, ok := chinese(digits, international, r.region)
	if !ok {
		if e164, region, ok = parse(digits, international, r.region); !ok {
			return "", ErrInvalid
		}
	}
	if !r.regions[region] {
		return "", ErrRegion
	}
	return e164, nil
}

// chinese is the short way for the numbers that nearly everybody here has.
func chinese(digits string, international bool, region string) (e164, found string, ok bool) {
	national := digits
	switch {
	case international && strings.HasPrefix(digits, "86"):
		national = digits[2:]
	case international || region != china:
		return "", "", false
	}
	if !chineseMobile(national) {
		return "", "", false
	}
	return "+86" + national, china, true
}

func chineseMobile(national string) bool {
	return len(national) == 11 && national[0] == '1' && national[1] >= '3'
}

// parse asks the library.
func parse(digits string, international bool, region string) (e164, found string, ok bool) {
	if international {
		digits = "+" + digits
	}
	number, err := phonenumbers.Parse(digits, region)
	if err != nil {
		return "", "", false
	}
	e164 = phonenumbers.Format(number, phonenumbers.E164)
	if len(e164) < 8 || len(e164) > 16 || e164[1] == '0' {
		return "", "", false
	}
	if number.GetCountryCode() == 86 {
		return e164, china, chineseMobile(e164[3:])
	}
	if !phonenumbers.IsValidNumber(number) {
		return "", "", false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
	default:
		return "", "", false
	}
	// A number that reads as another once it is written out would be two identities.
	if again, err := phonenumbers.Parse(e164, region); err != nil || phonenumbers.Format(again, phonenumbers.E164) != e164 {
		return "", "", false
	}
	return e164, phonenumbers.GetRegionCodeForNumber(number), true
}
