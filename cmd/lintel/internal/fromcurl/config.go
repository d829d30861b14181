package fromcurl

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// builder builds the configuration of a request.
type builder struct {
	g        *guesser
	r        *request
	bodyType string
	body     string
	path     string // scheme, host and path
	query    []pair
	form     []pair
	json     any // members, []any or a scalar
}

func newBuilder(g *guesser, r *request) (*builder, error) {
	b := &builder{g: g, r: r}
	b.bodyType, b.body = r.kind()
	path, query, _ := strings.Cut(r.url, "?")
	b.path = path
	query, _, _ = strings.Cut(query, "#")
	b.query = pairsOf(query)
	switch b.bodyType {
	case "form":
		if len(r.parts) > 0 {
			b.form = r.parts
			g.check = append(g.check, "the command sends a form in parts (-F); SMS.Http sends it URL-encoded, which most vendors take, too")
		} else {
			b.form = pairsOf(b.body)
		}
	case "json":
		d := json.NewDecoder(strings.NewReader(b.body))
		d.UseNumber()
		var err error
		if b.json, err = ordered(d); err != nil {
			return nil, errors.New("the body is no JSON")
		}
	}
	return b, nil
}

// pairsOf returns the fields of a query or a form, decoded.
func pairsOf(text string) (list []pair) {
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, pair{decoded(name), decoded(value)})
	}
	return list
}

func decoded(text string) string {
	if out, err := url.QueryUnescape(text); err == nil {
		return out
	}
	return text
}

// fields returns all values with their names, for what has to be found first.
func (b *builder) fields() []pair {
	fields := append(append([]pair{}, b.form...), b.query...)
	collect(b.json, "", &fields)
	switch b.bodyType {
	case "xml":
		for _, found := range xmlLeaf.FindAllStringSubmatch(b.body, -1) {
			fields = append(fields, pair{found[2] + found[5] + found[7], found[4] + found[6] + found[8]})
		}
	case "text":
		fields = append(fields, pair{"text", b.body})
	}
	for segment := range strings.SplitSeq(b.path, "/") {
		fields = append(fields, pair{"path", segment})
	}
	return append(fields, b.r.headers...)
}

func collect(value any, name string, fields *[]pair) {
	switch value := value.(type) {
	case members:
		for _, m := range value {
			collect(m.value, m.name, fields)
		}
	case []any:
		for i, item := range value {
			collect(item, name, fields)
			if i > 100 {
				return
			}
		}
	case string:
		*fields = append(*fields, pair{name, value})
	case json.Number:
		*fields = append(*fields, pair{name, value.String()})
	}
}

// config returns the configuration without the rules for answers.
func (b *builder) config() members {
	g := b.g
	headers := members{}
	for _, h := range b.r.headers {
		if b.bodyType == "form" && known(h.name) == "contenttype" {
			continue // SMS.Http writes it
		}
		if value := g.header(h.name, h.value); value != "" {
			headers = append(headers, member{h.name, value})
		}
	}
	if b.r.login != "" {
		headers = append(headers, member{"Authorization", g.basic("-u", b.r.login)})
	}
	address := b.url()
	var body any
	switch b.bodyType {
	case "form":
		form := members{}
		for _, f := range b.form {
			form = append(form, member{f.name, g.leaf("field "+f.name, f.name, f.value)})
		}
		body = form
	case "json":
		body = g.fill(b.json, "body", "")
	case "xml":
		body = g.fillXML(b.body)
	case "text":
		body = g.leaf("body", "body", b.body)
	}
	config := members{{"method", b.r.method}, {"url", address}}
	if strings.HasPrefix(address, "http://") {
		config = append(config, member{"allowPlainHTTP", true})
		g.check = append(g.check, "the URL is plain http: anybody on the way reads codes and keys. Does https:// work, too? Then remove allowPlainHTTP")
	}
	if seconds, err := strconv.ParseFloat(b.r.timeout, 64); err == nil && seconds >= 0.1 && seconds <= 60 {
		config = append(config, member{"timeout", int(seconds * 1000)})
	}
	for _, m := range []member{{"verifySign", g.sign}, {"verifyTemplateCode", g.template}, {"text", g.text}} {
		if m.value != "" {
			config = append(config, m)
		}
	}
	if len(g.secrets) > 0 {
		secrets := members{}
		for _, s := range g.secrets {
			secrets = append(secrets, member{s.name, "{{" + s.value + "}}"})
		}
		config = append(config, member{"secrets", secrets})
	}
	if len(g.values) > 0 {
		values := members{}
		for _, v := range g.values {
			values = append(values, member{v.name, v.value})
		}
		config = append(config, member{"values", values})
	}
	if len(headers) > 0 {
		config = append(config, member{"headers", headers})
	}
	if g.nationalOnly(address, headers, body) && g.countryCode != "86" {
		config = append(config, member{"nationalOf", g.countryCode})
		g.check = append(g.check, "the request has the number without its country code: messages go to +"+g.countryCode+" only (nationalOf)")
	}
	config = append(config, member{"bodyType", b.bodyType})
	if body != nil {
		config = append(config, member{"body", body})
	}
	return config
}

// nationalOnly reports whether a request has the phone in its national form alone.
func (g *guesser) nationalOnly(parts ...any) bool {
	text, err := plainJSON(parts)
	return err == nil && strings.Contains(text, "${phoneNational}") && !strings.Contains(text, "${phone}") &&
		!strings.Contains(text, "${phoneDigits}") && !strings.Contains(text, "${countryCode}")
}

// url returns the template of the URL.
func (b *builder) url() string {
	origin, path := b.path, ""
	if at := strings.Index(b.path, "://"); at >= 0 {
		if slash := strings.IndexByte(b.path[at+3:], '/'); slash >= 0 {
			origin, path = b.path[:at+3+slash], b.path[at+3+slash:]
		}
	}
	b.g.declareAll(b.path, "url")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if text := b.g.replacePhone(segment); text != segment {
			segments[i] = text
		} else if plain := decoded(segment); isRandom(plain) && !strings.Contains(plain, ".") {
			segments[i] = b.g.secret("path", "pathKey", plain)
		}
	}
	address := origin + strings.Join(segments, "/")
	query := make([]string, len(b.query))
	for i, f := range b.query {
		query[i] = url.QueryEscape(f.name) + "=" + escapeLiterals(b.g.leaf("query "+f.name, f.name, f.value))
	}
	if len(query) > 0 {
		address += "?" + strings.Join(query, "&")
	}
	return address
}

var keptAsIs = regexp.MustCompile(`\$?\$\{[^}]*\}|\{\{[A-Za-z_][A-Za-z0-9_]*\}\}`)

// escapeLiterals percent-encodes what stands between placeholders.
func escapeLiterals(template string) string {
	var out strings.Builder
	at := 0
	for _, span := range keptAsIs.FindAllStringIndex(template, -1) {
		out.WriteString(url.QueryEscape(template[at:span[0]]) + template[span[0]:span[1]])
		at = span[1]
	}
	return out.String() + url.QueryEscape(template[at:])
}

// fill replaces the texts and numbers of a JSON value.
func (g *guesser) fill(value any, where, name string) any {
	switch value := value.(type) {
	case members:
		out := members{}
		for _, m := range value {
			out = append(out, member{m.name, g.fill(m.value, where+" "+m.name, m.name)})
		}
		return out
	case []any:
		out := []any{}
		for _, item := range value {
			out = append(out, g.fill(item, where, name))
		}
		return out
	case string:
		return g.leaf(where, name, value)
	case json.Number:
		text := g.leaf(where, name, value.String())
		if text == value.String() {
			return value
		}
		g.check = append(g.check, where+" is a number in the command and a text now. If the vendor insists on a number, use bodyType text with a header Content-Type, and the placeholder without quotes")
		return text
	}
	return value
}

// xmlLeaf matches an element with text, one with CDATA, and an attribute.
var xmlLeaf = regexp.MustCompile(`(<([\w:.-]+)(?:\s[^<>]*)?>)([^<>]*?)([^<>\s][^<>]*)</|<([\w:.-]+)(?:\s[^<>]*)?><!\[CDATA\[([^\]]*)\]\]></|([\w:.-]+)="([^"<]*)"`)

// fillXML replaces the texts of an XML document.
func (g *guesser) fillXML(text string) string {
	return xmlLeaf.ReplaceAllStringFunc(text, func(all string) string {
		found := xmlLeaf.FindStringSubmatch(all)
		name, value := found[2]+found[5]+found[7], found[4]+found[6]+found[8]
		if strings.HasPrefix(name, "xmlns") || value == "" || name == "version" || name == "encoding" {
			return all
		}
		at := strings.LastIndex(all, value)
		return all[:at] + g.leaf("element "+name, name, value) + all[at+len(value):]
	})
}
