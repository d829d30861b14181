package extension

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ParseOrigins checks that each text is an exact origin, such as
// https://shop.example, and returns them as browsers write them. An error names
// the setting.
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
		if origin := OriginOf(u); !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins, nil
}

// OriginOf returns the origin of a URL as browsers write it (RFC 6454, 6.2).
func OriginOf(u *url.URL) string {
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
