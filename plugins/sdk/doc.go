// Package sdk is for authors of Types in Go. A Type is a configuration struct, a
// value that is opened from it, and functions that are methods of that value:
//
//	func main() {
//		sdk.Main(sdk.NewType("SMS.Acme", open, sdk.Func("sendMessage", (*Acme).Send, sdk.RunsToEnd())))
//	}
//
//	func open(ctx context.Context, c Config, env sdk.Env) (*Acme, error) { … }
//	func (a *Acme) Send(ctx context.Context, m Message) (*Receipt, error) { … }
//
// The JSON Schema of an instance's configuration and the list of functions are
// derived from the Go types of Config, Message and Receipt; see [NewType] and [Func].
// Package sdktest runs a Type in a test.
//
// # The life of a Type
//
//  1. At build time, "prog describe" writes what the Type offers: its functions,
//     properties and schema. The file lies beside the executable, so the host lists
//     Types and validates configurations without starting a process.
//  2. The host starts one process for the Type, when an instance is first used. The
//     process serves all instances of the Type.
//  3. For each instance, open is called with its configuration: validated, defaults
//     filled in, variables replaced. open returns the value that serves the calls,
//     or refuses the configuration with [ConfigError]. It doesn't wait for a server.
//  4. Functions are called, many at once and each with a context of its own. The
//     context ends at the caller's deadline, and when the caller goes away, unless the
//     function has [RunsToEnd]. During a call, [HostOf], [Logger] and [RequestID]
//     work with its context.
//  5. A function returns a result or an error. An *errcode.Error reaches the caller
//     whole. Any other error is INTERNAL to the caller, and logged. The call is over
//     then: a goroutine that goes on can't ask the host for anything in its name.
//  6. If the configuration changes, open is called again. New calls use the new value.
//     The old one serves its calls in flight and is then closed, if it is a [Closer].
//  7. If the executable changes, a new process takes over in the same way. If the
//     process crashes, it is started and configured again before the next call.
//  8. The process exits when the host tells it to, or is gone, however it went.
//
// A "test this" calls open with a configuration that isn't kept, then Check if the
// value is a [Checker], then Close.
//
// A panic in open, in a function or in a property is an INTERNAL error of that call.
// The log then names the panic's type and place, but not its value, which may hold a
// secret. A panic in a goroutine that the Type starts ends the process.
//
// The package knows neither the runtime nor any element.
package sdk
