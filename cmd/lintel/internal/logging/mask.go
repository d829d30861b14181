package logging

import (
	"bytes"
	"regexp"
	"strings"
)

// masked replaces a secret.
const masked = "[masked]"

var (
	// A mainland Chinese mobile number, with or without its country code.
	mobile = regexp.MustCompile(`(^|[^0-9A-Za-z+])((?:\+|00)?86[- ]?)?(1[3-9]\d)([- ]?\d{4}[- ]?)(\d{4})($|[^0-9A-Za-z])`)
	// Any number in international form.
	international = regexp.MustCompile(`\+(\d{5,13})(\d{2})\b`)
	jwt           = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)
	bearer        = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}`)
	userinfo      = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)
	pem           = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`)
	assigned      = regexp.MustCompile(`(?i)\b((?:access)?_?(?:token|secret|password|passwd|signature|api_?key|access_?key(?:_?id)?))=[^&\s]+`)
)

// maskValue masks the value of an attribute.
func maskValue(key, value string) string {
	if secretKey(key) || isVerificationCode(key, value) {
		return masked
	}
	return maskText(value)
}

// maskText masks phone numbers and secrets in a text.
func maskText(s string) string {
	if hasDigits(s, 7) {
		// Twice, since adjacent numbers share the character between them.
		s = mobile.ReplaceAllString(mobile.ReplaceAllString(s, "$1$2$3****$5$6"), "$1$2$3****$5$6")
		s = international.ReplaceAllStringFunc(s, func(number string) string {
			return "+" + strings.Repeat("*", len(number)-3) + number[len(number)-2:]
		})
	}
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, masked)
	}
	if strings.Contains(s, " ") {
		s = bearer.ReplaceAllString(s, "$1 "+masked)
	}
	if strings.Contains(s, "://") {
		s = userinfo.ReplaceAllString(s, "${1}"+masked+"@")
	}
	if strings.Contains(s, "-----BEGIN") {
		s = pem.ReplaceAllString(s, masked)
	}
	if strings.Contains(s, "=") {
		s = assigned.ReplaceAllString(s, "$1="+masked)
	}
	return s
}

// hasDigits reports whether s holds n digits with at most one other character
// between two of them. Most lines don't, and cost no regular expression.
func hasDigits(s string, n int) bool {
	run, gap := 0, 0
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' {
			run, gap = run+1, 0
			if run >= n {
				return true
			}
		} else if gap++; gap > 1 {
			run = 0
		}
	}
	return false
}

// secretKey reports whether an attribute's key names a secret.
func secretKey(key string) bool {
	// Called for every attribute of every line: no allocation for usual keys.
	var buffer [64]byte
	plain := buffer[:0]
	for i := range len(key) {
		switch c := key[i]; {
		case c == '_', c == '-', c == '.':
		case 'A' <= c && c <= 'Z':
			plain = append(plain, c+'a'-'A')
		default:
			plain = append(plain, c)
		}
	}
	for _, part := range secretNames {
		if bytes.Contains(plain, part) {
			return true
		}
	}
	return false
}

var secretNames = [][]byte{
	[]byte("password"), []byte("passwd"), []byte("secret"), []byte("token"), []byte("authorization"),
	[]byte("cookie"), []byte("apikey"), []byte("accesskey"), []byte("privatekey"), []byte("signature"),
	[]byte("logincode"), []byte("ticket"), []byte("verifycode"), []byte("smscode"), []byte("testcode"),
}

// isVerificationCode reports whether a value under a key such as "code" is a
// verification code rather than an error's.
func isVerificationCode(key, value string) bool {
	if key = strings.ToLower(key); key != "code" && key != "answer" && key != "otp" {
		return false
	}
	if len(value) < 4 || len(value) > 10 {
		return false
	}
	return strings.Trim(value, "0123456789") == ""
}
