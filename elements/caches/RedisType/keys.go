package redistype

import (
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// escape keeps braces out of what stands between braces, so that what is kept
// under one key has one hash tag whatever the key is.
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
func repeatKey(key string) string      { return tag(key) + "b" }

func crowdKey(key string) string { return tag(key) + "y" }
func markKey(key string) string  { return tag(key) + "m" }

func sharedKey(s caches.SharedLimit) string {
	return tag(s.Key) + "w:" + strconv.FormatInt(otpstate.Millis(s.Window.Per), 36)
}
