package captcha

import (
	"crypto/subtle"
	"strings"
	"unicode"
)

// matches reports whether typed is the answer. An empty one never is.
func matches(answer, typed string) bool {
	typed = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case r >= '０' && r <= '９': // full width, as Chinese and Japanese input methods produce
			return r - '０' + '0'
		}
		return unicode.ToLower(r)
	}, typed)
	return answer != "" && subtle.ConstantTimeCompare([]byte(answer), []byte(typed)) == 1
}
