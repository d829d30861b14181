package httptype

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// jsonBody is a JSON value whose strings are templates.
type jsonBody struct{ *node }

func newJSONBody(raw json.RawMessage, names placeholderNames) (body, error) {
	root, err := parseJSON("/body", raw, func(pointer, text string) (template, error) { return compile(pointer, text, names, textEscaper) })
	return &jsonBody{root}, err
}

func (b *jsonBody) mediaType() string { return "application/json" }

func (b *jsonBody) render(s *scope) (string, error) {
	var out bytes.Buffer
	err := b.write(&out, s)
	return out.String(), err
}

// node is a JSON value as it was written, with the members of objects in their order.
type node struct {
	kind     byte // '{', '[', '"', or 0 for a literal
	names    []string
	children []*node
	text     template
	literal  string
}

// compileFunc compiles the template at a pointer.
type compileFunc func(pointer, text string) (template, error)

func parseJSON(pointer string, raw json.RawMessage, compile compileFunc) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return parseNode(pointer, d, compile)
}

func parseNode(pointer string, d *json.Decoder, compile compileFunc) (*node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, sdk.ConfigError(pointer, "is not JSON")
	}
	switch v := token.(type) {
	case string:
		text, err := compile(pointer, v)
		return &node{kind: '"', text: text}, err
	case json.Delim:
		n := &node{kind: byte(v)}
		for d.More() {
			at := strconv.Itoa(len(n.children))
			if v == '{' {
				key, err := d.Token()
				if err != nil {
					return nil, sdk.ConfigError(pointer, "is not JSON")
				}
				n.names = append(n.names, key.(string))
				at = escapePointer(key.(string))
			}
			child, err := parseNode(pointer+"/"+at, d, compile)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		}
		if _, err := d.Token(); err != nil {
			return nil, sdk.ConfigError(pointer, "is not JSON")
		}
		return n, nil
	default:
		literal, err := json.Marshal(v)
		return &node{literal: string(literal)}, err
	}
}

func (n *node) uses(source string) bool {
	return n.text.uses(source) || slices.ContainsFunc(n.children, func(c *node) bool { return c.uses(source) })
}

func (n *node) write(out *bytes.Buffer, s *scope) error {
	switch n.kind {
	case 0:
		out.WriteString(n.literal)
		return nil
	case '"':
		text, err := n.text.render(s)
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
