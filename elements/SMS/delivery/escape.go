package delivery

import (
	"net/url"
	"strings"
)

// Escape percent-encodes all bytes but the unreserved characters of RFC 3986 §2.3,
// as signatures want it.
func Escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
