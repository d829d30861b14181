package runtime

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// callbacks is how plugins reach other elements: only those that the
// configuration of the calling instance names.
type callbacks struct{ app *App }

// Call calls a function of another element for the call being served.
func (c callbacks) Call(ctx context.Context, from element.Call, fullName, function string, args json.RawMessage) (json.RawMessage, error) {
	target, err := c.target(from, fullName)
	if err != nil {
		return nil, err
	}
	def, err := target.existing()
	if err != nil {
		return nil, err
	}
	fn := describedFunction(def, function)
	if fn == nil {
		return nil, noFunction(fullName, function)
	}
	named := Args{}
	if len(args) > 0 {
		if err := json.Unmarshal(args, &named); err != nil {
			return nil, errcode.Wrap(err, errcode.Params, "the arguments are not a JSON object")
		}
	}
	bound, err := bindNamed(fn, named)
	if err != nil {
		return nil, err
	}
	return target.run(nested(ctx, from, fullName, function), fn, bound)
}

// Get reads a property of another element.
func (c callbacks) Get(ctx context.Context, from element.Call, fullName, property string) (json.RawMessage, error) {
	target, err := c.target(from, fullName)
	if err != nil {
		return nil, err
	}
	return target.get(nested(ctx, from, fullName, property), property)
}

func (c callbacks) target(from element.Call, fullName string) (*Element, error) {
	s := c.app.snapshot.Load()
	caller := s.from(from.App, from.Element)
	if caller == nil {
		return nil, notFound(from.Element)
	}
	if !caller.names(fullName) {
		return nil, errcode.New(errcode.Forbidden, "%s does not name this element in its configuration", from.Element)
	}
	if target := s.from(from.App, fullName); target != nil {
		return target, nil
	}
	return nil, notFound(fullName)
}

// nested is the context of a call made by the call from: the same request, the
// same caller, a step of its own.
func nested(ctx context.Context, from element.Call, fullName, step string) context.Context {
	ctx = element.WithCaller(ctx, from.Caller)
	ctx = element.WithRequestID(ctx, from.RequestID)
	return element.WithOperation(ctx, from.Operation+"/"+fullName+"."+step)
}
