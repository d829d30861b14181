package server

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

// call serves POST /api/{org}/{app}/{full name with slashes}/{function}.
func (s *Server) call(w http.ResponseWriter, r *http.Request) {
	fullName, function, ok := s.target(r)
	if !ok {
		s.refuse(w, r, notFound())
		return
	}
	target, err := s.app.Find(fullName)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	rec := recordOf(r.Context())
	rec.element = target.FullName()
	data, err := s.serveCall(w, r, target, function)
	if err == nil || s.lists(rec.element, function) {
		rec.function = function
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.succeed(w, r, data)
}

func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, target Element, function string) (json.RawMessage, error) {
	rec := recordOf(r.Context())
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return nil, err
	}
	args, err := readArgs(w, r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTime)
	defer cancel()
	visitor, err := s.visitor(ctx, r)
	if err != nil {
		return nil, err
	}
	rec.address = visitor.caller.Address
	return s.perform(ctx, w, r, visitor, target, function, args, key)
}

// perform runs a function for a visitor and moves what belongs into cookies
// there. key is the client's name for the request, "" for none.
func (s *Server) perform(ctx context.Context, w http.ResponseWriter, r *http.Request, v visitor, target Element, function string, args element.Args, key string) (json.RawMessage, error) {
	rec := recordOf(r.Context())
	given := maps.Clone(args)
	cookies, err := newSessionCookies(r, v, target, function, args)
	if err != nil {
		return nil, err
	}
	ctx = runtime.WithCaller(ctx, v.caller)
	ctx = element.WithRequestID(ctx, rec.id)

	var data json.RawMessage
	if key == "" {
		data, err = target.Serve(element.WithOperation(ctx, uuid.NewString()), function, args)
	} else {
		// The client may come back for the answer: its going away ends nothing.
		kept, end := context.WithTimeout(context.WithoutCancel(ctx), callTime)
		defer end()
		from := s.repeater(kept, cookies, given, args)
		repeat := s.repeats.named(target.FullName(), function, from.caller, key, from.args)
		data, rec.repeated, err = s.repeats.run(kept, repeat, func(ctx context.Context) (json.RawMessage, error) {
			return target.Serve(ctx, function, args)
		})
		if rec.repeated && err == nil && !from.goesOnTo(data) {
			return nil, errOtherArguments()
		}
	}
	return cookies.take(w, data, err)
}

// target reads the element and the function from the path. Names are plain
// ASCII, so an escaped path names none.
func (s *Server) target(r *http.Request) (fullName, function string, ok bool) {
	if strings.Contains(r.URL.EscapedPath(), "%") {
		return "", "", false
	}
	if r.PathValue("org")+"."+r.PathValue("app") != s.info.AppID {
		return "", "", false
	}
	segments := strings.Split(r.PathValue("call"), "/")
	if len(segments) < 2 {
		return "", "", false
	}
	for _, segment := range segments {
		if !isName(segment) {
			return "", "", false
		}
	}
	last := len(segments) - 1
	return strings.Join(segments[:last], "."), segments[last], true
}

// isName holds for [A-Za-z_][A-Za-z0-9_-]*.
func isName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && (c == '-' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return s != ""
}

// lists says whether an element offers a function: only such names, of which
// there are few, become labels and words of the log.
func (s *Server) lists(fullName, function string) bool {
	define, err := s.app.GetElementDefine(fullName)
	if err != nil {
		return false
	}
	for _, f := range define.Functions {
		if f.Name == function {
			return true
		}
	}
	return false
}

// idempotencyKey reads the client's name for the request, "" for none.
func idempotencyKey(h http.Header) (string, error) {
	values := h.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	good := len(values) == 1 && len(key) >= 16 && len(key) <= 64
	for i := 0; good && i < len(key); i++ {
		c := key[i]
		good = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
	}
	if !good {
		return "", errcode.New(errcode.Params, "Idempotency-Key must be 16 to 64 of A-Z, a-z, 0-9, _ and -").With("arg", "Idempotency-Key")
	}
	return key, nil
}
