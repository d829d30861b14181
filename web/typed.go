package web

import (
	"strings"
	"unicode/utf8"
)

// tidyCode finds a code of n digits in what a person typed or pasted: with spaces
// or hyphens, full-width digits, or the message around it. If there is none, it
// returns all digits.
func tidyCode(text string, n int) string {
	var runs []string
	var run strings.Builder
	end := func() {
		if run.Len() > 0 {
			runs = append(runs, run.String())
			run.Reset()
		}
	}
	for _, c := range text {
		switch d := digit(c); {
		case d >= 0:
			run.WriteByte(byte('0' + d))
		case c == ' ', c == '\t', c == '-', c == '\u00a0', c == '\u3000', '\u2010' <= c && c <= '\u2015', c == '\u202f':
		default:
			end()
		}
	}
	end()
	for _, r := range runs {
		if len(r) == n {
			return r
		}
	}
	return strings.Join(runs, "")
}

// digit returns the value of an ASCII or full-width digit, -1 for any other.
func digit(c rune) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case '０' <= c && c <= '９':
		return int(c - '０')
	}
	return -1
}

// international prefixes the calling code of the chosen country to a number that
// was typed without one.
func international(phone string, callingCode int, always bool) string {
	phone = strings.TrimSpace(phone)
	if callingCode == 0 || !always || strings.HasPrefix(phone, "+") || strings.HasPrefix(phone, "＋") || strings.HasPrefix(phone, "00") {
		return phone
	}
	return "+" + itoa(int64(callingCode)) + " " + phone
}

// mask masks a number that was typed for the country of a calling code.
func (p *Pages) mask(typed string, callingCode int) string {
	return p.options.MaskPhone(e164(typed, callingCode))
}

// e164 guesses the E.164 form of what was typed.
func e164(typed string, callingCode int) string {
	var digits strings.Builder
	for _, c := range typed {
		if d := digit(c); d >= 0 {
			digits.WriteByte(byte('0' + d))
		}
	}
	all := digits.String()
	switch code := itoa(int64(callingCode)); {
	case strings.HasPrefix(typed, "+"), strings.HasPrefix(typed, "＋"):
		all = strings.TrimPrefix(all, code+"0") // a trunk zero stays off: +44 (0)7400…
		if len(all) < digits.Len() {
			all = code + all
		}
	case strings.HasPrefix(all, "00"):
		all = all[2:]
	case callingCode == 86 && len(all) == 13 && strings.HasPrefix(all, code):
	default:
		all = code + strings.TrimLeft(all, "0")
	}
	return "+" + all
}

// shorten cuts what a person typed to a length that any field takes.
func shorten(text string, most int) string {
	text = strings.ToValidUTF8(text, "")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}
