package httptype

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // small vendors sign with it
	"crypto/sha1" //nolint:gosec // small vendors sign with it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// filter transforms a value.
type filter func(v value, s *scope) (value, error)

// configuredFilter is a filter with what is known of it before a message is sent.
type configuredFilter struct {
	apply filter
	kind  valueKind
	// reversible reports that the filter's result reveals what it was applied to, legible
	// that it shows it as it is.
	reversible, legible bool
	isJSON              bool
}

// filters are the filters without an argument.
var filters = map[string]configuredFilter{
	"md5":       digest(md5.New),
	"sha1":      digest(sha1.New),
	"sha256":    digest(sha256.New),
	"base64":    encoding(base64Text),
	"base64url": encoding(func(raw string) string { return base64.URLEncoding.EncodeToString([]byte(raw)) }),
	"hex":       encoding(func(raw string) string { return hex.EncodeToString([]byte(raw)) }),
	"upper":     {apply: func(v value, _ *scope) (value, error) { return value{data: strings.ToUpper(v.text())}, nil }, reversible: true},
	"url":       {apply: percentFilter, reversible: true, legible: true},
	"json":      {apply: jsonFilter, reversible: true, legible: true, isJSON: true},
}

const filterNames = "md5, sha1, sha256, hmacSha1:KEY, hmacSha256:KEY, base64, base64url, hex, upper, url, json, date:FORMAT"

// parseFilter returns the filter that a text names, for a value of a kind.
func parseFilter(pointer, text string, kind valueKind, names *placeNames) (configuredFilter, error) {
	name, argument, hasArgument := strings.Cut(text, ":")
	name, argument = strings.TrimSpace(name), strings.TrimSpace(argument)
	known, plain := filters[name]
	switch {
	case plain && !hasArgument:
		return known, nil
	case plain:
		return known, sdk.ConfigError(pointer, "the filter %s has no argument; write ${… | %[1]s}", name)
	case name == "hmacSha1":
		return keyed(pointer, name, argument, sha1.New, names)
	case name == "hmacSha256":
		return keyed(pointer, name, argument, sha256.New, names)
	case name == "date":
		return dateFilter(pointer, argument, kind)
	}
	return known, sdk.ConfigError(pointer, "unknown filter %q; there are %s", name, filterNames)
}

func digest(newHash func() hash.Hash) configuredFilter {
	return configuredFilter{kind: digestValue, apply: func(v value, s *scope) (value, error) {
		return sum(newHash(), v, s)
	}}
}

func sum(h hash.Hash, v value, s *scope) (value, error) {
	raw, err := v.bytes(s.charset)
	_, _ = io.WriteString(h, raw)
	out := value{string(h.Sum(nil)), digestValue}
	s.noteDigest(out)
	return out, err
}

func encoding(encode func(string) string) configuredFilter {
	return configuredFilter{reversible: true, apply: func(v value, s *scope) (value, error) {
		raw, err := v.bytes(s.charset)
		return value{data: encode(raw)}, err
	}}
}

func base64Text(raw string) string { return base64.StdEncoding.EncodeToString([]byte(raw)) }

// keyed returns the filter of an HMAC.
func keyed(pointer, name, argument string, newHash func() hash.Hash, names *placeNames) (configuredFilter, error) {
	key, err := hmacKey(pointer, name, argument, names)
	return configuredFilter{kind: digestValue, apply: func(v value, s *scope) (value, error) {
		secret, err := key(s)
		if err != nil {
			return value{}, err
		}
		return sum(hmac.New(newHash, []byte(secret)), v, s)
	}}, err
}

// hmacKey returns what reads the key that secrets.NAME, secrets64.NAME or values.NAME
// names.
func hmacKey(pointer, filter, argument string, names *placeNames) (func(*scope) (string, error), error) {
	source, name, _ := strings.Cut(argument, ".")
	switch {
	case names.other != nil || name == "":
	case source == "secrets", source == "secrets64":
		secret, ok := names.secrets[name]
		if !ok {
			return nil, names.unknown(pointer, "secret", name, names.secrets)
		}
		if source == "secrets64" {
			raw, ok := decodeBase64(secret)
			if !ok {
				return nil, sdk.ConfigError("/secrets/"+escapePointer(name), "is not base64, as secrets64 wants it")
			}
			secret = raw
		}
		return func(*scope) (string, error) { return secret, nil }, nil
	case source == "values":
		if _, err := names.use(pointer, name); err != nil {
			return nil, err
		}
		read := namedValue(name)
		return func(s *scope) (string, error) {
			v, err := read(s)
			if err != nil {
				return "", err
			}
			return v.bytes(s.charset)
		}, nil
	}
	// What stands there may be the key itself.
	return nil, sdk.ConfigError(pointer, "%s needs the name of a key: write %[1]s:secrets.NAME, %[1]s:secrets64.NAME or %[1]s:values.NAME", filter)
}

// decodeBase64 decodes base64 with or without padding. Standard Webhooks writes keys
// with a prefix.
func decodeBase64(text string) (string, bool) {
	text = strings.TrimRight(strings.TrimPrefix(text, "whsec_"), "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := e.DecodeString(text); err == nil {
			return string(raw), true
		}
	}
	return "", false
}

// dateFormats are the formats of the filter date, all in UTC.
var dateFormats = map[string]func(time.Time) string{
	"rfc1123": func(t time.Time) string { return t.Format(http.TimeFormat) },
	"iso":     func(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") },
	"basic":   func(t time.Time) string { return t.Format("20060102T150405Z") },
	"day":     func(t time.Time) string { return t.Format("20060102") },
	"compact": func(t time.Time) string { return t.Format("20060102150405") },
	"unix":    func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	"millis":  func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) },
}

func dateFilter(pointer, format string, kind valueKind) (configuredFilter, error) {
	write, ok := dateFormats[format]
	switch {
	case !ok:
		return configuredFilter{}, sdk.ConfigError(pointer, "unknown format %q of date; there are rfc1123, iso, basic, day, compact, unix, millis", format)
	case kind != timeValue:
		return configuredFilter{}, sdk.ConfigError(pointer, "date is a filter of ${timestamp}")
	}
	result := textValue
	if format == "unix" || format == "millis" {
		result = numberValue
	}
	return configuredFilter{kind: result, apply: func(v value, _ *scope) (value, error) {
		return value{write(v.time()), result}, nil
	}}, nil
}

// percentFilter percent-encodes a value; a digest is shown in hexadecimal.
func percentFilter(v value, s *scope) (value, error) {
	if v.kind == digestValue {
		return value{data: v.text()}, nil
	}
	raw, err := v.bytes(s.charset)
	return value{data: delivery.Escape(raw)}, err
}

// jsonFilter writes a value as a text of JSON, with its quotes.
func jsonFilter(v value, _ *scope) (value, error) { return value{data: jsonString(v.text())}, nil }
