package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// call is a call of a function on its way from a request to an element.
type call struct {
	target   extension.Element
	function string
	args     element.Args
	// key is the client's Idempotency-Key, empty for none.
	key string
}

// serveCall serves POST /api/{org}/{app}/{full name with slashes}/{function}.
func (q *request) serveCall() error {
	fullName, function, ok := q.target()
	if !ok {
		return notFound()
	}
	target, err := q.server.app.Find(fullName)
	if err != nil {
		return err
	}
	q.element = target.FullName()
	data, err := q.callTarget(target, function)
	// Only listed names, of which there are few, become labels and words of the log.
	if err == nil || q.server.lists(q.element, function) {
		q.function = function
	}
	if err == nil {
		q.succeed(data)
	}
	return err
}

func (q *request) callTarget(target extension.Element, function string) (json.RawMessage, error) {
	key, err := idempotencyKey(q.r.Header)
	if err != nil {
		return nil, err
	}
	args, err := q.readArgs()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), callTime)
	defer cancel()
	if err := q.identify(ctx); err != nil {
		return nil, err
	}
	return q.perform(ctx, call{target, function, args, key})
}

// perform runs a call as whoever makes the request.
func (q *request) perform(ctx context.Context, c call) (json.RawMessage, error) {
	exchange, err := q.session.Begin(c.target.Meta(), c.function, c.args)
	if err != nil {
		return nil, err
	}
	c.args = exchange.Args()
	answer, err := q.run(runtime.WithCaller(ctx, q.caller), c, exchange)
	return exchange.Finish(q, answer, err)
}

func (q *request) run(ctx context.Context, c call, exchange extension.Exchange) (json.RawMessage, error) {
	remembered := false
	var scope extension.Scope
	if c.key != "" {
		changes, err := c.target.Admit(ctx, c.function, c.args)
		scope = exchange.Scope(ctx)
		// A session that has ended is still known by its token: ending it may be repeated.
		if err != nil && (!errors.Is(err, errcode.LoginRequired) || scope.Caller.SessionID == "") {
			return nil, err
		}
		remembered = changes
	}
	if !remembered {
		return c.target.Serve(element.WithOperation(ctx, uuid.NewString()), c.function, c.args)
	}
	// The client may come back for the answer: its going away ends nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	answer, repeated, err := q.server.idempotency.run(ctx, c, scope)
	q.repeated = repeated
	return answer, err
}

// target reads the element and the function from the path. Names are plain ASCII,
// so a path with escapes has none.
func (q *request) target() (fullName, function string, ok bool) {
	if strings.Contains(q.r.URL.EscapedPath(), "%") {
		return "", "", false
	}
	if q.r.PathValue("org")+"."+q.r.PathValue("app") != q.server.info.AppID {
		return "", "", false
	}
	segments := strings.Split(q.r.PathValue("call"), "/")
	if len(segments) < 2 || slices.ContainsFunc(segments, func(s string) bool { return !isName(s) }) {
		return "", "", false
	}
	last := len(segments) - 1
	return strings.Join(segments[:last], "."), segments[last], true
}

// isName reports whether s is [A-Za-z_][A-Za-z0-9_-]*.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && !isLetter(c) && (i == 0 || c != '-' && !isDigit(c)) {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// lists reports whether an element offers a function to callers outside the app.
func (s *Server) lists(fullName, function string) bool {
	definition, err := s.app.GetElementDefine(fullName)
	return err == nil && slices.ContainsFunc(definition.Functions, func(f runtime.Function) bool { return f.Name == function })
}

// idempotencyKey returns the client's name for the request, empty for none.
func idempotencyKey(h http.Header) (string, error) {
	values := h.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	good := len(values) == 1 && len(key) >= 16 && len(key) <= 64
	for i := 0; good && i < len(key); i++ {
		good = isLetter(key[i]) || isDigit(key[i]) || key[i] == '_' || key[i] == '-'
	}
	if !good {
		return "", errcode.New(errcode.Params, "Idempotency-Key must be 16 to 64 of A-Z, a-z, 0-9, _ and -").With("arg", "Idempotency-Key")
	}
	return key, nil
}
