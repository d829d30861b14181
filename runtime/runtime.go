// Package runtime runs an app: a directory of elements.
//
//	import (
//		_ "github.com/lintel-run/lintel/elements/standard"
//		"github.com/lintel-run/lintel/runtime"
//	)
//
//	app, err := runtime.Open(ctx, "app.example")
//	defer app.Close()
//	phone, err := app.GetElement("auths.loginTypes.myPhoneLogin")
//	out, err := phone.Call(ctx, "sendMessage", "13800138000")
//
// It loads and validates elements, runs Types as supervised plugin processes, and
// swaps configurations while it serves. It knows neither HTTP nor any element: a
// program links the standard elements by importing elements/standard, and without
// that import Open fails.
package runtime

import (
	"context"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// Error is the error of calls: a code of the contract, a message for people, whether and
// when to try again, and details. It works with errors.As, and with errors.Is for a
// Code.
type Error = errcode.Error

// Code is the stable name of what went wrong.
type Code = errcode.Code

// Args are the named arguments of a call.
type Args = element.Args

// Caller is who makes a call.
type Caller = element.Caller

// WithCaller returns a context with the caller of calls made with it. Without a caller
// nobody is signed in, and limits by address don't apply.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return element.WithCaller(ctx, c)
}
