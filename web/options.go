package web

import (
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
)

// Options are an operator's wishes for the pages.
type Options struct {
	// RedirectOrigins are where ?redirect= may lead besides this site.
	RedirectOrigins []string
	// Locales holds NAME.json files of further languages; nil: none.
	Locales fs.FS
}

// ParseOrigins checks that each is an exact origin, such as https://shop.example,
// and gives them as browsers write them. setting names them in an error.
func ParseOrigins(setting string, list []string) ([]string, error) {
	var origins []string
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Hostname() == "" || u.User != nil ||
			strings.Trim(u.Path, "/") != "" || len(u.Path) > 1 || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
			strings.ContainsAny(u.Host, "*;, '\"") {
			return nil, fmt.Errorf("%s: %q is not an origin such as https://shop.example", setting, text)
		}
		if origin := originOf(u); !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins, nil
}

// originOf writes an origin in the one way browsers do (RFC 6454, 6.2).
func originOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return scheme + "://" + host
	}
	return scheme + "://" + host + ":" + port
}

// destination gives the address that a person is led to in the end: wanted, when
// it lies on this site or an allowed origin, else "".
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
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || !slices.Contains(allowed, originOf(u)) {
		return ""
	}
	return u.String()
}
