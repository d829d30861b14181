package delivery

import (
	"context"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// Base gives the URL that requests go to: the configured endpoint or the vendor's
// own. Its path has no slash at its end. Plain http goes only to a loopback
// address written as such, or where the configuration allows it, with a warning.
func (s Settings) Base(ctx context.Context, vendors string) (*url.URL, error) {
	text, pointer := s.Endpoint, "/endpoint"
	if text == "" {
		text = vendors
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return nil, sdk.ConfigError(pointer, "must be a base URL such as https://sms.example.com")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, sdk.ConfigError(pointer, "must have no user, query or fragment")
	}
	if err := CheckScheme(ctx, pointer, u, s.AllowPlainHTTP); err != nil {
		return nil, err
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// CheckScheme holds a URL to https, with the exceptions of Base.
func CheckScheme(ctx context.Context, pointer string, u *url.URL, allowPlainHTTP bool) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return sdk.ConfigError(pointer, "must begin with https://")
	case IsLoopbackName(u.Hostname()):
		return nil
	case !allowPlainHTTP:
		return sdk.ConfigError(pointer, wrongPlain)
	}
	sdk.Warn(ctx, pointer, "messages and keys travel over plain http, readable to anybody on the way")
	return nil
}

// CheckCallback checks the address that a vendor is to push receipts to; it may be
// empty.
func CheckCallback(pointer, address string) error {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return nil
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return sdk.ConfigError(pointer, wrongCallback)
	}
	return nil
}

// IsLoopbackName says whether a host is a loopback address written as such.
func IsLoopbackName(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback()
}
