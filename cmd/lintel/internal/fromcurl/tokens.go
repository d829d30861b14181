package fromcurl

import (
	"regexp"
	"strings"
	"unicode"
)

// isRandom reports whether a value looks like a key: long, of letters and digits mixed.
func isRandom(value string) bool {
	if len(value) < 16 || strings.ContainsAny(value, " {}<>") {
		return false
	}
	letters, digits := 0, 0
	for _, r := range value {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r < unicode.MaxASCII && unicode.IsLetter(r):
			letters++
		case strings.ContainsRune("+/=_-.:", r):
		default:
			return false
		}
	}
	return digits >= 3 && letters >= 3 && !strings.HasPrefix(value, "http")
}

var timeForms = []struct {
	pattern  *regexp.Regexp
	template string
}{
	{regexp.MustCompile(`^1[0-9]{9}$`), "${timestamp}"},
	{regexp.MustCompile(`^1[0-9]{12}$`), "${timestamp | date:millis}"},
	{regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$`), "${timestamp | date:iso}"},
	{regexp.MustCompile(`^20[0-9]{6}T[0-9]{6}Z$`), "${timestamp | date:basic}"},
	{regexp.MustCompile(`^20[0-9]{12}$`), "${timestamp | date:compact}"},
	{regexp.MustCompile(`^20[0-9]{6}$`), "${timestamp | date:day}"},
	{regexp.MustCompile(`^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), .* GMT$`), "${timestamp | date:rfc1123}"},
}

// timestamp returns the template of a time, "" if a value is none.
func timestamp(value string) string {
	for _, form := range timeForms {
		if form.pattern.MatchString(value) {
			return form.template
		}
	}
	return ""
}

// hasToken reports whether digits stand in a text as a number of their own.
func hasToken(text, token string) bool { return replaceToken(text, token, "") != text }

// replaceToken replaces a number that isn't part of a longer one.
func replaceToken(text, token, with string) string {
	if token == "" {
		return text
	}
	var out strings.Builder
	for at := 0; ; {
		found := strings.Index(text[at:], token)
		if found < 0 {
			out.WriteString(text[at:])
			return out.String()
		}
		start, end := at+found, at+found+len(token)
		out.WriteString(text[at:start])
		if isDigit(text, start-1) || isDigit(text, end) {
			out.WriteString(token)
		} else {
			out.WriteString(with)
		}
		at = end
	}
}

func isDigit(text string, at int) bool {
	return at >= 0 && at < len(text) && text[at] >= '0' && text[at] <= '9'
}
