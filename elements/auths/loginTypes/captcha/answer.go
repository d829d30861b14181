package captcha

import (
	"crypto/subtle"
	"strings"
	"unicode"

	"github.com/lintel-run/lintel/internal/decimal"
)

// matches reports whether typed is the answer. An empty one never is.
func matches(answer, typed string) bool {
	typed = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, decimal.Plain(typed))
	return answer != "" && subtle.ConstantTimeCompare([]byte(answer), []byte(typed)) == 1
}
