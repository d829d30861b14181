package server

import (
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lintel-run/lintel/internal/strictjson"
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

// notUTF8 returns the error of a body that isn't UTF-8. It names the argument that
// isn't, if the body is JSON otherwise.
func notUTF8(body []byte) error {
	err := errcode.New(errcode.Params, "the body is not UTF-8")
	var args map[string]json.RawMessage
	if json.Unmarshal(body, &args) != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if len(name) <= 64 && !utf8.Valid(args[name]) {
			return err.With("arg", name)
		}
	}
	return err
}

// decodeArgs reads a JSON object strictly: one value, valid UTF-8, no key twice at any
// depth, bounded depth. No body at all is an object without members.
func decodeArgs(body []byte) (element.Args, error) {
	args := element.Args{}
	if len(body) == 0 {
		return args, nil
	}
	err := strictjson.Check(body, deepestBody)
	var bad *strictjson.SyntaxError
	switch {
	case errors.Is(err, strictjson.ErrNotUTF8):
		return nil, notUTF8(body)
	case errors.Is(err, strictjson.ErrTooDeep):
		return nil, errcode.New(errcode.Params, "the body is nested deeper than %d", deepestBody)
	case errors.Is(err, strictjson.ErrDuplicate) && errors.As(err, &bad):
		err := errcode.New(errcode.Params, "a key stands twice in one object")
		if path := strictjson.Tokens(bad.Pointer); len(path) == 1 && len(path[0]) <= 64 {
			err = err.With("arg", path[0])
		}
		return nil, err
	case err != nil:
		return nil, errcode.New(errcode.Params, "the body is not JSON")
	}
	if err := json.Unmarshal(body, &args); err != nil || args == nil {
		return nil, errcode.New(errcode.Params, "the body is not a JSON object, or holds a number out of range")
	}
	return args, nil
}
