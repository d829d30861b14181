// Package element is the vocabulary that the runtime, its built-in Types and the
// host services share: who calls, with which arguments, and what a Type in the
// runtime's own process has to offer. It knows no particular Type.
package element

import (
	"context"
	"encoding/json"
	"slices"
)

// Args are the named arguments of a call, as JSON values.
type Args map[string]any

// Caller says who asks. The zero Caller is nobody: not signed in, and address
// limits don't apply.
type Caller struct {
	// UserID of the signed-in user; empty: nobody.
	UserID string
	// SessionID of that user's session.
	SessionID string
	// Address is the client's IP address, without a port.
	Address string
	// Device is the device token that the client showed, unchecked.
	Device string
}

// Call is what the host knows of a call that is being served. Host services and
// built-in Types take it from the context, never from the plugin's words.
type Call struct {
	// Element is the full name of the instance that serves the call.
	Element string
	// App is the appId of the app that the instance comes from; empty: the official
	// library. What the instance's configuration names is looked up from there.
	App string
	// Type is the full name of the Type whose code serves it.
	Type string
	// Function is the function's name; empty outside a call.
	Function string
	// RequestID names the request in logs.
	RequestID string
	// Operation names the request to the stores: a repeat of the same request
	// carries the same Operation and is answered as the first was.
	Operation string
	// Caller is who asks.
	Caller Caller
	// Config is the configuration that the instance serves the call with; nil
	// outside a call.
	Config *Config
}

// Config is one version of an instance's configuration. All calls that a version
// serves share the pointer, so what is read from it can be kept beside it.
type Config struct {
	// JSON is validated, has the defaults of the schema and the values of variables:
	// it holds secrets.
	JSON json.RawMessage
	// References are the full names of the elements that it names.
	References []string
}

// Names reports whether the configuration names the element, so that the instance
// may call it.
func (c *Config) Names(fullName string) bool { return slices.Contains(c.References, fullName) }

type (
	callerKey    struct{}
	callKey      struct{}
	requestIDKey struct{}
	operationKey struct{}
)

// WithCaller says who asks.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf gives who asks, the zero Caller when nobody was named.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// WithCall puts the call being served into the context, and its Caller,
// RequestID and Operation with it.
func WithCall(ctx context.Context, c Call) context.Context {
	ctx = WithCaller(ctx, c.Caller)
	ctx = WithRequestID(ctx, c.RequestID)
	ctx = WithOperation(ctx, c.Operation)
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf gives the call being served.
func CallOf(ctx context.Context) (Call, bool) {
	c, ok := ctx.Value(callKey{}).(Call)
	return c, ok
}

// WithRequestID names the request in logs.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID gives the request's name, empty when it has none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// WithOperation names the request to the stores.
func WithOperation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, operationKey{}, id)
}

// Operation gives the request's name to the stores, empty when it has none.
func Operation(ctx context.Context) string {
	id, _ := ctx.Value(operationKey{}).(string)
	return id
}
