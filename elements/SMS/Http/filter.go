package httptype

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // small vendors sign with it
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// filter transforms a value.
type filter func(v value, c charset) (value, error)

// filters are the filters without an argument.
var filters = map[string]filter{
	"md5":    digest(md5.New),
	"sha256": digest(sha256.New),
	"base64": encoding(base64.StdEncoding.EncodeToString),
	"upper":  func(v value, _ charset) (value, error) { return value{data: strings.ToUpper(v.text())}, nil },
	"url":    percentFilter,
}

func parseFilter(pointer, text string, names placeholderNames) (filter, error) {
	name, argument, hasArgument := strings.Cut(text, ":")
	switch f := filters[name]; {
	case f != nil && !hasArgument:
		return f, nil
	case name == "hmacSha256":
		key, err := hmacKey(pointer, strings.TrimSpace(argument), names)
		return digest(func() hash.Hash { return hmac.New(sha256.New, key) }), err
	}
	return nil, sdk.ConfigError(pointer, "unknown filter %q; there are md5, sha256, hmacSha256:secrets.NAME, base64, upper, url", text)
}

// hmacKey returns the key that secrets.NAME or secrets64.NAME names.
func hmacKey(pointer, argument string, names placeholderNames) ([]byte, error) {
	source, name, _ := strings.Cut(argument, ".")
	secret, ok := names.secrets[name]
	switch {
	case ok && source == "secrets":
		return []byte(secret), nil
	case ok && source == "secrets64":
		// Standard Webhooks writes its keys with this prefix.
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			return nil, sdk.ConfigError("/secrets/"+name, "is not base64, as secrets64 wants it")
		}
		return key, nil
	}
	return nil, sdk.ConfigError(pointer, "hmacSha256 needs a key: hmacSha256:secrets.NAME or hmacSha256:secrets64.NAME")
}

func digest(newHash func() hash.Hash) filter {
	return func(v value, c charset) (value, error) {
		raw, err := v.bytes(c)
		h := newHash()
		_, _ = io.WriteString(h, raw)
		return value{string(h.Sum(nil)), digestValue}, err
	}
}

func encoding(encode func([]byte) string) filter {
	return func(v value, c charset) (value, error) {
		raw, err := v.bytes(c)
		return value{data: encode([]byte(raw))}, err
	}
}

// percentFilter percent-encodes a value; a digest is shown in hexadecimal.
func percentFilter(v value, c charset) (value, error) {
	if v.kind == digestValue {
		return value{data: v.text()}, nil
	}
	raw, err := v.bytes(c)
	return value{data: delivery.Escape(raw)}, err
}
