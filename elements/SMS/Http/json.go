package httptype

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// jsonBody is a JSON value whose strings are templates, token by token.
type jsonBody []jsonToken

type jsonToken struct {
	jsontext.Token
	text   template // in place of the token, if it is a string and not a name
	isName bool
}

func newJSONBody(raw json.RawMessage, names *placeNames) (body, error) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	var b jsonBody
	for {
		token, err := d.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, sdk.ConfigError("/body"+string(d.StackPointer()), "is not JSON")
		}
		t := jsonToken{Token: token.Clone(), isName: token.Kind() == '"' && isName(d)}
		if token.Kind() == '"' && !t.isName {
			if t.text, err = compile("/body"+string(d.StackPointer()), token.String(), names, textEscaper); err != nil {
				return nil, err
			}
		}
		b = append(b, t)
	}
}

// isName reports whether the last token is the name of an object's member.
func isName(d *jsontext.Decoder) bool {
	kind, length := d.StackIndex(d.StackDepth())
	return kind == '{' && length%2 == 1
}

func (b jsonBody) mediaType() string { return "application/json" }

// render writes the value without the members and items whose texts need a parameter
// that the message doesn't bring.
func (b jsonBody) render(s *scope) (string, error) {
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.EscapeForJS(true))
	var name *jsontext.Token
	for i := range b {
		token := b[i].Token
		if b[i].isName {
			name = &token
			continue
		}
		if b[i].text != nil {
			text, err := b[i].text.render(s)
			if errors.Is(err, errOmitted) {
				name = nil
				continue
			}
			if err != nil {
				return "", err
			}
			token = jsontext.String(strings.ToValidUTF8(text, "\uFFFD"))
		}
		if name != nil {
			if err := e.WriteToken(*name); err != nil {
				return "", err
			}
			name = nil
		}
		if err := e.WriteToken(token); err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}
