package delivery

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// Settings are the keys of every vendor's configuration. Embed it.
type Settings struct {
	Timeout      int      `json:"timeout" default:"5000" jsonschema:"minimum=100,maximum=60000" doc:"milliseconds that one request to the vendor may take"`
	VerifyParams []string `json:"verifyParams" default:"[\"code\"]" doc:"the template's variables, in order; only these are sent"`
	Endpoint     string   `json:"endpoint,omitempty" doc:"base URL in place of the vendor's own: another region, a private gateway"`
	// AllowPlainHTTP permits http to other addresses than loopback ones.
	AllowPlainHTTP bool   `json:"allowPlainHTTP,omitempty" doc:"let messages and keys travel unencrypted"`
	Proxy          string `json:"proxy,omitempty" secret:"true" doc:"URL of the HTTP proxy to the vendor in place of the server's, or none"`
	CAFile         string `json:"caFile,omitempty" doc:"file of certificates (PEM) that the vendor's is checked against besides the system's and the server's; relative to the app's directory"`
}

// TemplateSettings are the keys of vendors with templates. Embed it.
type TemplateSettings struct {
	VerifySign         string `json:"verifySign,omitempty" doc:"sign of the messages, as the vendor approved it"`
	VerifyTemplateCode string `json:"verifyTemplateCode,omitempty" doc:"template of the messages, as the vendor named it"`
}

// DefaultText is the text for vendors without templates.
const DefaultText = "${product}: ${code}, valid for ${minutes} minutes"

// Base returns the URL that requests go to: the configured endpoint or the vendor's
// own. Its path doesn't end in a slash. Plain http goes only to a loopback address
// written as such, or, with a warning, where the configuration allows it.
func (s Settings) Base(ctx context.Context, vendorEndpoint string) (*url.URL, error) {
	const pointer = "/endpoint"
	u, err := url.Parse(cmp.Or(s.Endpoint, vendorEndpoint))
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

// CheckScheme refuses a URL that isn't https, with the exceptions of Base.
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

// CheckCallback refuses an address that a vendor can't push receipts to. It accepts
// an empty one.
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

// IsLoopbackName reports whether a host is a loopback address written as such.
func IsLoopbackName(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback()
}

// Hint returns hint if value is set and doesn't match the pattern of the vendor's
// values, else "".
func Hint(value, pattern, hint string) string {
	if value == "" || regexp.MustCompile(pattern).MatchString(value) {
		return ""
	}
	return hint
}

// secretsOf returns the values of a configuration's keys that are tagged secret.
func secretsOf(config reflect.Value) (secrets []string) {
	for _, field := range reflect.VisibleFields(config.Type()) {
		if field.Tag.Get("secret") != "true" {
			continue
		}
		switch value := config.FieldByIndex(field.Index).Interface().(type) {
		case string:
			secrets = append(secrets, value)
		case map[string]string:
			for _, secret := range value {
				secrets = append(secrets, secret)
			}
		}
	}
	return secrets
}
