package redistype

import (
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// escape removes braces from a key, so that all that is kept under it has one hash tag.
var escape = strings.NewReplacer("%", "%25", "{", "%7B", "}", "%7D")

func tag(key string) string {
	if key == "" {
		key = "%"
	} else {
		key = escape.Replace(key)
	}
	return "lintel:{" + key + "}:"
}

func stateKey(key string) string       { return tag(key) + "s" }
func tokenKey(key, hash string) string { return tag(key) + "t:" + hash }
func recordKey(key string) string      { return tag(key) + "b" }
func groupKey(key string) string       { return tag(key) + "y" }
func budgetKey(key string) string      { return tag(key) + "a" }
func captchaKey(key string) string     { return tag(key) + "m" }

func windowKey(l caches.SharedLimit) string {
	return tag(l.Key) + "w:" + strconv.FormatInt(otpstate.Millis(l.Window.Per), 36)
}
