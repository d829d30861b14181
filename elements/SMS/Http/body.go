package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// body writes the request's body.
type body interface {
	// write gives the text, not yet in the charset where that is not ASCII anyway.
	write(s *scope) (string, error)
	contentType() string
	uses(source string) bool
}

func newBody(c Config, names scopeNames) (body, error) {
	kind := c.BodyType
	empty := len(c.Body) == 0 || string(c.Body) == "null"
	if kind == "" {
		kind = "json"
		if empty {
			kind = "none"
		}
	}
	switch {
	case kind == "none" && empty:
		return nil, nil
	case kind == "none":
		return nil, sdk.ConfigError("/body", "bodyType none has no body")
	case empty:
		return nil, sdk.ConfigError("/body", "is missing")
	case c.Method == http.MethodGet:
		return nil, sdk.ConfigError("/body", "a GET request has no body")
	case kind == "json":
		node, err := newNode("/body", c.Body, names)
		return &jsonBody{node}, err
	}
	var text string
	isText := json.Unmarshal(c.Body, &text) == nil
	switch {
	case kind == "form" && !isText:
		return newForm(c.Body, names)
	case !isText:
		return nil, sdk.ConfigError("/body", "must be text")
	}
	t, err := compile("/body", text, names)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "form":
		return &formText{t}, nil
	case "xml":
		return newXML(t)
	default:
		return &plainBody{t}, nil
	}
}

// plainBody is text without a structure.
type plainBody struct{ template }

func (b *plainBody) write(s *scope) (string, error) { return b.text(s) }
func (b *plainBody) contentType() string            { return "text/plain" }

// formText is a form written as text: "to=${phone}&msg=${text}".
type formText struct{ template }

func (b *formText) write(s *scope) (string, error) {
	return b.join(s, s.charset.percentLiteral, s.charset.percentText)
}
func (b *formText) contentType() string { return "application/x-www-form-urlencoded" }

// form is a form written as an object.
type form struct{ pairs []formPair }

type formPair struct {
	name  string
	value template
}

func newForm(raw json.RawMessage, names scopeNames) (body, error) {
	node, err := newNode("/body", raw, names)
	if err != nil {
		return nil, err
	}
	if node.kind != '{' {
		return nil, sdk.ConfigError("/body", "must be an object or text")
	}
	f := &form{}
	for i, child := range node.children {
		value := child.text
		switch {
		case child.kind == '"':
		case child.kind == 0 && child.literal != "null":
			value = template{{literal: child.literal}}
		default:
			return nil, sdk.ConfigError("/body/"+escapePointer(node.names[i]), "must be text, a number, true or false")
		}
		f.pairs = append(f.pairs, formPair{node.names[i], value})
	}
	return f, nil
}

func (f *form) write(s *scope) (string, error) {
	var out []string
	for _, p := range f.pairs {
		name, err := s.charset.encode(p.name)
		if err != nil {
			return "", err
		}
		value, err := p.value.text(s)
		if err != nil {
			return "", err
		}
		raw, err := s.charset.encode(value)
		if err != nil {
			return "", err
		}
		out = append(out, percent(name)+"="+percent(raw))
	}
	return strings.Join(out, "&"), nil
}

func (f *form) contentType() string { return "application/x-www-form-urlencoded" }

func (f *form) uses(source string) bool {
	for _, p := range f.pairs {
		if p.value.uses(source) {
			return true
		}
	}
	return false
}

// jsonBody is a JSON value in whose strings placeholders stand.
type jsonBody struct{ root *node }

func (b *jsonBody) contentType() string     { return "application/json" }
func (b *jsonBody) uses(source string) bool { return b.root.uses(source) }

func (b *jsonBody) write(s *scope) (string, error) {
	var out bytes.Buffer
	err := b.root.write(&out, s)
	return out.String(), err
}

// node is a JSON value as it was written, its members in their order.
type node struct {
	kind     byte // '{', '[', '"', or 0 for a literal
	names    []string
	children []*node
	text     template
	literal  string
}

func newNode(pointer string, raw json.RawMessage, names scopeNames) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return readNode(pointer, d, names)
}

func readNode(pointer string, d *json.Decoder, names scopeNames) (*node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, sdk.ConfigError(pointer, "is not JSON")
	}
	switch v := token.(type) {
	case string:
		text, err := compile(pointer, v, names)
		return &node{kind: '"', text: text}, err
	case json.Delim:
		n := &node{kind: byte(v)}
		for d.More() {
			at := pointer + "/" + itoa(len(n.children))
			if v == '{' {
				key, err := d.Token()
				if err != nil {
					return nil, sdk.ConfigError(pointer, "is not JSON")
				}
				n.names = append(n.names, key.(string))
				at = pointer + "/" + escapePointer(key.(string))
			}
			child, err := readNode(at, d, names)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		}
		_, err := d.Token()
		if err != nil {
			return nil, sdk.ConfigError(pointer, "is not JSON")
		}
		return n, nil
	default:
		literal, err := json.Marshal(v)
		return &node{literal: string(literal)}, err
	}
}

func (n *node) uses(source string) bool {
	for _, c := range n.children {
		if c.uses(source) {
			return true
		}
	}
	return n.text.uses(source)
}

func (n *node) write(out *bytes.Buffer, s *scope) error {
	switch n.kind {
	case 0:
		out.WriteString(n.literal)
		return nil
	case '"':
		text, err := n.text.text(s)
		if err == nil {
			writeString(out, text)
		}
		return err
	}
	out.WriteByte(n.kind)
	for i, c := range n.children {
		if i > 0 {
			out.WriteByte(',')
		}
		if n.kind == '{' {
			writeString(out, n.names[i])
			out.WriteByte(':')
		}
		if err := c.write(out, s); err != nil {
			return err
		}
	}
	out.WriteByte(n.kind + 2) // '}' and ']' are two after '{' and '['
	return nil
}

func writeString(out *bytes.Buffer, text string) {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	_ = e.Encode(text)          //nolint:errchkjson // a string can always be written
	out.Truncate(out.Len() - 1) // the encoder's line end
}
