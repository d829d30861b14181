// Package sdk is for authors of Types in Go. A Type is a configuration struct, a
// value made from it, and methods of that value:
//
//	func main() {
//		sdk.Main(sdk.NewType("SMS.Acme", open, sdk.Func("sendMessage", (*Acme).Send)))
//	}
//
//	func open(ctx context.Context, c Config, env sdk.Env) (*Acme, error) { … }
//	func (a *Acme) Send(ctx context.Context, in Message) (Receipt, error) { … }
//
// From the types of Config, Message and Receipt come the JSON Schema of an
// instance's configuration and the function list.
//
// # Life
//
//  1. The host starts one process for a Type, on the first use of any instance.
//  2. It hands over an instance's configuration as a generation: open is called.
//     What open returns is used by many calls at once; it must be safe for that.
//  3. Calls come in, each with its own context: its deadline is the caller's, and
//     it is cancelled when the caller gives up, unless the function RunsToEnd.
//  4. A changed configuration is a new generation: open is called again, beside
//     the old value, which serves its calls in flight and is then closed (Closer).
//  5. When the host is gone, however it went, the process exits.
//
// A panic in open, in a function or in a property is that call's INTERNAL error;
// the log says of what kind it was and where. A panic in a goroutine of one's own
// ends the process.
//
// The package knows neither the runtime nor any element.
package sdk
