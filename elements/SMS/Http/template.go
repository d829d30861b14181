package gateway

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // small vendors sign with it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// template is text with placeholders: ${source | filter | filter}. "$${" stands
// for "${".
type template []piece

// piece is literal text or a placeholder.
type piece struct {
	literal string
	place   *placeholder
}

type placeholder struct {
	source  string // "phone", "params", "secrets", …
	name    string // of a parameter or a secret
	filters []filter
}

type filter struct {
	name string
	key  []byte // of hmacSha256
}

// sources are the placeholders without a name behind a dot.
var sources = []string{"phone", "phoneNational", "phoneDigits", "countryCode", "template", "sign", "text", "requestId", "requestNumber", "timestamp"}

// scopeNames is what placeholders may refer to at one place.
type scopeNames struct {
	secrets map[string]string
	more    []string
}

func (n scopeNames) with(source string) scopeNames {
	n.more = append(slices.Clone(n.more), source)
	return n
}

var nameRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// compile reads a template; pointer is where it stands in the configuration.
func compile(pointer, text string, names scopeNames) (template, error) {
	var t template
	for text != "" {
		at := strings.Index(text, "${")
		switch {
		case at < 0:
			return append(t, piece{literal: text}), nil
		case at > 0 && text[at-1] == '$':
			t = append(t, piece{literal: text[:at-1] + "${"})
			text = text[at+2:]
			continue
		case at > 0:
			t = append(t, piece{literal: text[:at]})
		}
		end := strings.IndexByte(text[at:], '}')
		if end < 0 {
			return nil, sdk.ConfigError(pointer, "a placeholder ${ has no end }")
		}
		p, err := compilePlaceholder(pointer, text[at+2:at+end], names)
		if err != nil {
			return nil, err
		}
		t = append(t, piece{place: p})
		text = text[at+end+1:]
	}
	return t, nil
}

func compilePlaceholder(pointer, text string, names scopeNames) (*placeholder, error) {
	parts := strings.Split(text, "|")
	p := &placeholder{}
	source := strings.TrimSpace(parts[0])
	p.source, p.name, _ = strings.Cut(source, ".")
	switch {
	case p.source == "params" && nameRule.MatchString(p.name):
	case p.source == "secrets" && p.name != "":
		if _, ok := names.secrets[p.name]; !ok {
			return nil, sdk.ConfigError(pointer, "there is no secret %q", p.name)
		}
	case slices.Contains(sources, source) || slices.Contains(names.more, source):
	default:
		known := strings.Join(append(slices.Clone(sources), append(names.more, "params.NAME", "secrets.NAME")...), ", ")
		return nil, sdk.ConfigError(pointer, "unknown placeholder ${%s}; there are %s", source, known)
	}
	for _, text := range parts[1:] {
		f, err := compileFilter(pointer, strings.TrimSpace(text), names)
		if err != nil {
			return nil, err
		}
		p.filters = append(p.filters, f)
	}
	return p, nil
}

func compileFilter(pointer, text string, names scopeNames) (filter, error) {
	name, key, keyed := strings.Cut(text, ":")
	switch name {
	case "md5", "sha256", "base64", "upper", "url":
		if !keyed {
			return filter{name: name}, nil
		}
	case "hmacSha256":
		kind, secret, _ := strings.Cut(strings.TrimSpace(key), ".")
		value, ok := names.secrets[secret]
		switch {
		case !ok || kind != "secrets" && kind != "secrets64":
		case kind == "secrets":
			return filter{name, []byte(value)}, nil
		default:
			// Standard Webhooks writes its keys with this prefix.
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(value, "whsec_"))
			if err != nil {
				return filter{}, sdk.ConfigError("/secrets/"+secret, "is not base64, as secrets64 wants it")
			}
			return filter{name, raw}, nil
		}
		return filter{}, sdk.ConfigError(pointer, "hmacSha256 needs a key: hmacSha256:secrets.NAME or hmacSha256:secrets64.NAME")
	}
	return filter{}, sdk.ConfigError(pointer, "unknown filter %q; there are md5, sha256, hmacSha256:secrets.NAME, base64, upper, url", text)
}

// uses says whether a placeholder of this source stands in the template.
func (t template) uses(source string) bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.place != nil && p.place.source == source })
}

// scope is the values of one message.
type scope struct {
	message   *delivery.Message
	secrets   map[string]string
	timestamp string
	charset   charset
	body      []byte
	signed    []byte
}

// value is what a placeholder stands for on its way through the filters: text,
// or bytes that are on the wire as they are, or a digest.
type value struct {
	data   []byte
	wire   bool
	digest bool
}

// shown gives the value as text; a digest is shown in hex.
func (v value) shown() string {
	if v.digest {
		return hex.EncodeToString(v.data)
	}
	return string(v.data)
}

// bytes gives the value as it would be sent.
func (v value) bytes(c charset) ([]byte, error) {
	if v.wire || v.digest {
		return v.data, nil
	}
	return c.encode(string(v.data))
}

func (p *placeholder) eval(s *scope) (value, error) {
	v, err := p.lookup(s)
	if err != nil {
		return value{}, err
	}
	for _, f := range p.filters {
		if v, err = f.apply(v, s.charset); err != nil {
			return value{}, err
		}
	}
	return v, nil
}

func (p *placeholder) lookup(s *scope) (value, error) {
	m := s.message
	switch p.source {
	case "body":
		return value{data: s.body, wire: true}, nil
	case "signed":
		return value{data: s.signed, wire: true}, nil
	case "params":
		given, ok := m.Given[p.name]
		if !ok {
			return value{}, errcode.New(delivery.CodeParams, "parameter %q is missing", p.name).With("param", p.name)
		}
		return value{data: []byte(given)}, nil
	}
	text := map[string]string{
		"phone": m.Phone.E164(), "phoneNational": m.Phone.National(), "phoneDigits": m.Phone.Digits(),
		"countryCode": m.Phone.CountryCode(), "template": m.Template, "sign": m.Sign, "text": m.Text,
		"requestId": m.RequestID, "requestNumber": m.Number(), "timestamp": s.timestamp, "secrets": s.secrets[p.name],
	}[p.source]
	return value{data: []byte(text)}, nil
}

func (f filter) apply(v value, c charset) (value, error) {
	switch f.name {
	case "upper":
		return value{data: []byte(strings.ToUpper(v.shown()))}, nil
	case "url":
		if v.digest {
			return value{data: []byte(v.shown())}, nil
		}
	}
	raw, err := v.bytes(c)
	if err != nil {
		return value{}, err
	}
	switch f.name {
	case "md5":
		sum := md5.Sum(raw) //nolint:gosec // the configuration asks for it
		return value{data: sum[:], digest: true}, nil
	case "sha256":
		sum := sha256.Sum256(raw)
		return value{data: sum[:], digest: true}, nil
	case "hmacSha256":
		mac := hmac.New(sha256.New, f.key)
		mac.Write(raw)
		return value{data: mac.Sum(nil), digest: true}, nil
	case "base64":
		return value{data: []byte(base64.StdEncoding.EncodeToString(raw))}, nil
	case "url":
		return value{data: []byte(percent(raw))}, nil
	default:
		panic(fmt.Sprintf("filter %q", f.name))
	}
}

// text gives the template with its values as they are, for places that escape
// the whole afterwards.
func (t template) text(s *scope) (string, error) {
	return t.join(s, func(literal string) (string, error) { return literal, nil },
		func(v value) (string, error) { return v.shown(), nil })
}

// join renders the template with literals and values each escaped for the place.
func (t template) join(s *scope, literal func(string) (string, error), escape func(value) (string, error)) (string, error) {
	var out strings.Builder
	for _, p := range t {
		var part string
		var err error
		if p.place == nil {
			part, err = literal(p.literal)
		} else {
			var v value
			if v, err = p.place.eval(s); err == nil {
				part, err = escape(v)
			}
		}
		if err != nil {
			return "", err
		}
		out.WriteString(part)
	}
	return out.String(), nil
}

// wire gives the template's bytes as they would be sent, for signing.
func (t template) wire(s *scope) ([]byte, error) {
	var out []byte
	for _, p := range t {
		v := value{data: []byte(p.literal)}
		if p.place != nil {
			var err error
			if v, err = p.place.eval(s); err != nil {
				return nil, err
			}
			if v.digest {
				v = value{data: []byte(v.shown())}
			}
		}
		raw, err := v.bytes(s.charset)
		if err != nil {
			return nil, err
		}
		out = append(out, raw...)
	}
	return out, nil
}

// sortedKeys gives a map's keys in order, so that what is made of it is always
// the same.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
