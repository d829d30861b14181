package fromcurl

import (
	"regexp"
	"strings"

	"github.com/lintel-run/lintel/elements/phone"
)

var (
	e164       = regexp.MustCompile(`(?:\+|%2B)([1-9][0-9]{6,14})`)
	mainland   = regexp.MustCompile(`(?:^|[^0-9])(?:00)?(?:86)?(1[3-9][0-9]{9})(?:[^0-9]|$)`)
	longNumber = regexp.MustCompile(`^(?:00)?([1-9][0-9]{7,14})$`)
	someCode   = regexp.MustCompile(`(?:^|[^0-9])([0-9]{4,8})(?:[^0-9]|$)`)
)

// findPhone finds the phone of the example: the given one, one in international form,
// a mainland mobile number, or the number in a field whose name says so.
func (g *guesser) findPhone(given string, fields []pair) bool {
	var candidates []string
	if given != "" {
		candidates = append(candidates, given)
	} else {
		for _, f := range fields {
			if found := e164.FindStringSubmatch(f.value); found != nil && (phoneNames.MatchString(known(f.name)) || len(found[1]) > 9) {
				candidates = append(candidates, "+"+found[1])
			}
		}
		for _, f := range fields {
			if found := mainland.FindStringSubmatch(f.value); found != nil {
				candidates = append(candidates, "+86"+found[1])
			}
		}
		for _, f := range fields {
			if found := longNumber.FindStringSubmatch(f.value); found != nil && phoneNames.MatchString(known(f.name)) {
				candidates = append(candidates, "+"+found[1])
			}
		}
	}
	for _, candidate := range candidates {
		if number, err := phone.Parse(candidate); err == nil {
			g.digits, g.national, g.countryCode = number.Digits(), number.National(), number.CountryCode()
			return true
		}
	}
	return false
}

// replacePhone replaces the phone by placeholders in the form in which it stands.
func (g *guesser) replacePhone(text string) string {
	if g.digits == "" {
		return text
	}
	text = replaceToken(text, "+"+g.digits, "${phone}")
	text = replaceToken(text, "("+g.countryCode+")"+g.national, "(${countryCode})${phoneNational}")
	text = replaceToken(text, "+"+g.countryCode+"-"+g.national, "+${countryCode}-${phoneNational}")
	text = replaceToken(text, "00"+g.countryCode+" "+g.national, "00${countryCode} ${phoneNational}")
	text = replaceToken(text, g.countryCode+" "+g.national, "${countryCode} ${phoneNational}")
	text = replaceToken(text, "00"+g.digits, "00${phoneDigits}")
	text = replaceToken(text, g.digits, "${phoneDigits}")
	return replaceToken(text, g.national, "${phoneNational}")
}

// findCode finds the login code of the example: the given one, the number in a field
// whose name says so, in JSON within a field, or in a text.
func (g *guesser) findCode(given string, fields []pair) bool {
	if g.code = given; given != "" {
		return true
	}
	for _, f := range fields {
		if codeNames.MatchString(known(f.name)) {
			if found := someCode.FindStringSubmatch(f.value); found != nil {
				g.code = found[1]
				return true
			}
		}
	}
	for _, f := range fields {
		key := known(f.name)
		within := textNames.MatchString(key) || strings.Contains(key, "param") || strings.Contains(key, "var") || strings.Contains(key, "data") || strings.Contains(key, "value")
		if !within || g.replacePhone(f.value) != f.value {
			continue
		}
		if found := someCode.FindStringSubmatch(f.value); found != nil {
			g.code = found[1]
			return true
		}
	}
	return false
}
