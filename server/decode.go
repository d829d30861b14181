package server

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// readArgs reads the arguments of a call from the request's body.
func (q *request) readArgs() (element.Args, error) {
	if !isJSON(q.r.Header) {
		return nil, extension.WithStatus(errcode.New(errcode.Params, "Content-Type must be application/json"), http.StatusUnsupportedMediaType)
	}
	body, err := extension.ReadBody(q, q.r, longestBody)
	if err != nil {
		return nil, err
	}
	return decodeArgs(body)
}

func isJSON(h http.Header) bool {
	if len(h.Values("Content-Type")) != 1 || h.Get("Content-Encoding") != "" {
		return false
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return false
	}
	charset, named := params["charset"]
	return !named || strings.EqualFold(charset, "utf-8")
}

// decodeArgs reads a JSON object strictly: one value, valid UTF-8, no key twice at
// any depth, bounded depth. An empty body is an object without members.
func decodeArgs(body []byte) (element.Args, error) {
	if len(body) == 0 {
		return element.Args{}, nil
	}
	if !utf8.Valid(body) {
		return nil, errcode.New(errcode.Params, "the body is not UTF-8")
	}
	// The token reader alone lets some broken texts pass.
	if !json.Valid(body) {
		return nil, errcode.New(errcode.Params, "the body is not JSON")
	}
	d := strictDecoder{json.NewDecoder(bytes.NewReader(body))}
	token, err := d.Token()
	if err != nil || token != json.Delim('{') {
		return nil, errcode.New(errcode.Params, "the body is not a JSON object")
	}
	args, err := d.object(1)
	if err != nil {
		return nil, err
	}
	return element.Args(args), nil
}

type strictDecoder struct{ *json.Decoder }

func (d strictDecoder) value(depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errcode.New(errcode.Params, "the body holds a value that can't be read")
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return token, nil
	}
	if depth >= deepestBody {
		return nil, errcode.New(errcode.Params, "the body is nested deeper than %d", deepestBody)
	}
	if delim == '{' {
		return d.object(depth + 1)
	}
	return d.array(depth + 1)
}

// object reads an object's members and its closing brace.
func (d strictDecoder) object(depth int) (map[string]any, error) {
	members := make(map[string]any)
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return nil, errcode.New(errcode.Params, "the body is not JSON")
		}
		if _, twice := members[key]; twice {
			err := errcode.New(errcode.Params, "a key stands twice in one object")
			if depth == 1 && len(key) <= 64 {
				err = err.With("arg", key)
			}
			return nil, err
		}
		if members[key], err = d.value(depth); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errcode.New(errcode.Params, "the body is not JSON")
	}
	return members, nil
}

func (d strictDecoder) array(depth int) ([]any, error) {
	values := []any{}
	for d.More() {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, errcode.New(errcode.Params, "the body is not JSON")
	}
	return values, nil
}
