// Package element defines what the runtime, built-in Types and host services share: the
// caller and arguments of a call, and what a Type in the host's own process implements.
// It knows no particular Type.
package element

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
)

// Args are the named arguments of a call, as JSON values.
type Args map[string]any

// Caller is who makes a call. The zero Caller is not signed in, and limits by address
// don't apply to it.
type Caller struct {
	// UserID is that of the signed-in user; empty if nobody is signed in.
	UserID string
	// SessionID is that of the user's session.
	SessionID string
	// Address is the client's IP address, without a port.
	Address string
	// Device is the client's device token, unchecked.
	Device string
}

// Network returns what limits by address count by: the whole IPv4 address, or the /64 of
// an IPv6 address.
func (c Caller) Network() string {
	ip, err := netip.ParseAddr(c.Address)
	if err != nil {
		return c.Address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		prefix, _ := ip.Prefix(64)
		return prefix.String()
	}
	return ip.String()
}

// Call is a call being served, as the host knows it. Host services and built-in Types
// take it from the context and never from what a plugin sends.
type Call struct {
	// Element is the full name of the instance that serves the call.
	Element string
	// App is the appId of the app that the instance comes from, empty for the official
	// library. The elements that its configuration names are looked up from there.
	App string
	// Type is the full name of the Type whose code serves it.
	Type string
	// Function is the function's name; empty outside a call.
	Function string
	// RequestID identifies the request in logs.
	RequestID string
	// Operation identifies the request to stores. A repeated request has the same
	// Operation and gets the same answer.
	Operation string
	// Caller is who made the call.
	Caller Caller
	// Config is the configuration that the instance serves the call with; nil
	// outside a call.
	Config *Config
}

// Config is one version of an instance's configuration. All calls that a version
// serves share the pointer, so what is read from it can be kept beside it.
type Config struct {
	// JSON is valid, with defaults merged and variables replaced. It holds secrets.
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

// WithCaller returns a context with the caller of calls made with it.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns the caller, the zero Caller if there is none.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// WithCall returns a context with the call being served and its Caller, RequestID and
// Operation.
func WithCall(ctx context.Context, c Call) context.Context {
	ctx = WithCaller(ctx, c.Caller)
	ctx = WithRequestID(ctx, c.RequestID)
	ctx = WithOperation(ctx, c.Operation)
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf returns the call being served.
func CallOf(ctx context.Context) (Call, bool) {
	c, ok := ctx.Value(callKey{}).(Call)
	return c, ok
}

// WithRequestID returns a context with the id of the request in logs.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id of the request, empty if it has none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// WithOperation returns a context with the id of the request for stores.
func WithOperation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, operationKey{}, id)
}

// Operation returns the id of the request for stores, empty if it has none.
func Operation(ctx context.Context) string {
	id, _ := ctx.Value(operationKey{}).(string)
	return id
}
