package web

import (
	"strings"
	"unicode/utf8"

	"github.com/lintel-run/lintel/internal/decimal"
)

// tidyCode finds a code of n digits in what a person typed or pasted: with spaces
// or hyphens, digits of any script, format characters, or the message around it. If
// there is none, it returns all digits.
func tidyCode(text string, n int) string {
	var runs []string
	var run strings.Builder
	end := func() {
		if run.Len() > 0 {
			runs = append(runs, run.String())
			run.Reset()
		}
	}
	for _, c := range decimal.Plain(text) {
		switch {
		case isDigit(c):
			run.WriteByte(byte(c))
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

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

// plainNumber returns a number as the functions read it: with ASCII digits, without
// format characters, and without the scheme tel:.
func plainNumber(typed string) string {
	const scheme = "tel:"
	number := strings.TrimSpace(decimal.Plain(typed))
	if len(number) >= len(scheme) && strings.EqualFold(number[:len(scheme)], scheme) {
		number = strings.TrimSpace(number[len(scheme):])
	}
	return number
}

// international prefixes the calling code of the chosen country to a number that
// was typed without one.
func international(phone string, callingCode int, always bool) string {
	phone = plainNumber(phone)
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
	typed = plainNumber(typed)
	var digits strings.Builder
	for _, c := range typed {
		if isDigit(c) {
			digits.WriteRune(c)
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
