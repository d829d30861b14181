// Package numbering parses what people type as a phone number and tells the region
// of a number, by the numbering plans that libphonenumber knows. Whoever needs a
// number in E.164 only uses package phone, which carries no tables.
package numbering

import (
	"errors"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/lintel-run/lintel/elements/phone"
)

// The errors of Rules.Normalize.
var (
	// ErrInvalid reports text that isn't the number of a mobile phone.
	ErrInvalid = errors.New("numbering: not a mobile number")
	// ErrRegion reports a mobile number of a region that is not allowed.
	ErrRegion = errors.New("numbering: the region is not allowed")
)

const (
	china            = "CN"
	chinaCallingCode = 86
	// maxBytes bounds what is read: the characters of the longest argument.
	maxBytes = 4 * 255
	// maxChars bounds a spelling without its format characters: 15 digits, a prefix,
	// and separators between them.
	maxChars = 80
	// maxDigits bounds the digits of a spelling: 15 and an international prefix.
	maxDigits = 20
)

// Rules decide which numbers are accepted.
type Rules struct {
	regions       map[string]bool
	defaultRegion string
}

// NewRules returns rules that accept numbers of regions and read a number without
// country code as one of defaultRegion. Regions are ISO 3166 codes in capitals; if
// one is unknown, NewRules returns it and no rules.
func NewRules(regions []string, defaultRegion string) (rules *Rules, unknown string) {
	r := &Rules{regions: make(map[string]bool, len(regions)), defaultRegion: defaultRegion}
	for _, region := range regions {
		if CallingCode(region) == 0 {
			return nil, region
		}
		r.regions[region] = true
	}
	if CallingCode(defaultRegion) == 0 {
		return nil, defaultRegion
	}
	return r, ""
}

// Normalize returns the E.164 form of a number, the same for every spelling of it.
// Normalizing the result again changes nothing.
//
// A Chinese number must be 1[3-9] and nine digits. Any other must be valid and of a
// kind that receives messages: mobile or fixed-or-mobile.
func (r *Rules) Normalize(text string) (string, error) {
	digits, international, ok := readSpelling(text)
	if !ok {
		return "", ErrInvalid
	}
	e164, region, ok := parseChinese(digits, international, r.defaultRegion)
	if !ok {
		if e164, region, ok = parse(digits, international, r.defaultRegion); !ok {
			return "", ErrInvalid
		}
	}
	if !r.regions[region] {
		return "", ErrRegion
	}
	return e164, nil
}

// parseChinese parses the common spellings of a Chinese mobile number without the
// library.
func parseChinese(digits string, international bool, defaultRegion string) (e164, region string, ok bool) {
	national := digits
	switch {
	case international && strings.HasPrefix(digits, "86"):
		national = digits[2:]
	case international || defaultRegion != china:
		return "", "", false
	}
	if !phone.IsMainlandMobile(national) {
		return "", "", false
	}
	return "+86" + national, china, true
}

func parse(digits string, international bool, defaultRegion string) (e164, region string, ok bool) {
	if international {
		digits = "+" + digits
	}
	number, err := phonenumbers.Parse(digits, defaultRegion)
	if err != nil {
		return "", "", false
	}
	e164 = phonenumbers.Format(number, phonenumbers.E164)
	if len(e164) < 8 || len(e164) > 16 || e164[1] == '0' {
		return "", "", false
	}
	if number.GetCountryCode() == chinaCallingCode {
		return e164, china, phone.IsMainlandMobile(e164[3:])
	}
	if !phonenumbers.IsValidNumber(number) {
		return "", "", false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
	default:
		return "", "", false
	}
	// A number whose E.164 form parses to another number would have two identities.
	if again, err := phonenumbers.Parse(e164, defaultRegion); err != nil || phonenumbers.Format(again, phonenumbers.E164) != e164 {
		return "", "", false
	}
	return e164, phonenumbers.GetRegionCodeForNumber(number), true
}
