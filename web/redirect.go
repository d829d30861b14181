package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/server/extension"
)

// destination returns the wanted address if it is on this site or an allowed
// origin, else "".
func destination(wanted string, allowed []string) string {
	if wanted == "" || len(wanted) > 2000 || strings.ContainsFunc(wanted, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f }) {
		return ""
	}
	u, err := url.Parse(wanted)
	if err != nil || u.User != nil {
		return ""
	}
	if u.Scheme == "" && u.Host == "" {
		// Two slashes would be another host.
		if !strings.HasPrefix(wanted, "/") || strings.HasPrefix(wanted, "//") {
			return ""
		}
		return u.String()
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || !slices.Contains(allowed, extension.OriginOf(u)) {
		return ""
	}
	return u.String()
}
