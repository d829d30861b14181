package plugin

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// Config is what a Host needs. Only App is required.
type Config struct {
	Logger *slog.Logger
	// TempDir is where the host makes its private directory; empty: the system's.
	// One whose name is too long for a unix socket is passed over for /tmp.
	TempDir string
	// App is told to the plugins.
	App *elementv1.App
	// Services are offered to the plugins of their families.
	Services []HostService
	// Calls is how plugins of the families with a host service, and of Types whose
	// schema has references, reach other elements; nil: they don't.
	Calls    Calls
	Timings  Timings
	Trace    Trace
	Observer Observer
}

// HostService is what the host serves, beside Host, to the plugins of one family.
type HostService struct {
	// Meta is the family's full name.
	Meta string
	// Register adds the service to the server of one process. The context of each
	// request carries the element.Call being served.
	Register func(grpc.ServiceRegistrar)
}

// Calls reaches other elements on behalf of the call being served. The
// implementation enforces that the configuration of from.Element names fullName.
// It is called from any goroutine; its errors go to the plugin whole.
type Calls interface {
	Call(ctx context.Context, from element.Call, fullName, function string, args json.RawMessage) (json.RawMessage, error)
	Get(ctx context.Context, from element.Call, fullName, property string) (json.RawMessage, error)
}

// Trace carries trace context over the wire; off while Provider is nil.
type Trace struct {
	Provider   trace.TracerProvider
	Propagator propagation.TextMapPropagator
}

// Observer is told of what happens, for metrics. Its methods are called on the
// path of calls and must not block.
type Observer interface {
	// Called: a call of a function ended, after d; code is empty for success.
	Called(typ, function, code string, d time.Duration)
	// Exited: a process of the Type ended unasked or could not be started.
	Exited(typ string)
}

// Timings are the deadlines of a process's life. Zero fields take the defaults.
type Timings struct {
	// Start bounds the start of a process up to its description, Configure one
	// instance's configuration.
	Start, Configure time.Duration
	// Every PingEvery the process is asked whether it lives, with PingDeadline to
	// answer; after PingMisses in a row without an answer it is killed.
	PingEvery, PingDeadline time.Duration
	PingMisses              int
	// Backoff is the pause before the first restart; it doubles to BackoffMax and
	// starts anew once a process has lived for Healthy. Calls wait for a pause of
	// up to BackoffWait and fail at once in a longer one.
	Backoff, BackoffMax, BackoffWait, Healthy time.Duration
	// More than Budget ends within BudgetWindow make the Type failed; it is tried
	// again after FailedRetry.
	Budget                    int
	BudgetWindow, FailedRetry time.Duration
	// StopGrace is what a process is given to exit when asked.
	StopGrace time.Duration
	// Drain bounds how long a replaced process may finish its calls.
	Drain time.Duration
	// RunToEnd bounds a call that goes on without its caller and has no deadline.
	RunToEnd time.Duration
	// Waiters is how many calls may wait for one process to start.
	Waiters int
}

func (t Timings) withDefaults() Timings {
	duration := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	number := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	duration(&t.Start, 10*time.Second)
	duration(&t.Configure, 10*time.Second)
	duration(&t.PingEvery, 10*time.Second)
	duration(&t.PingDeadline, time.Second)
	number(&t.PingMisses, 3)
	duration(&t.Backoff, 100*time.Millisecond)
	duration(&t.BackoffMax, 30*time.Second)
	duration(&t.BackoffWait, 500*time.Millisecond)
	duration(&t.Healthy, time.Minute)
	number(&t.Budget, 5)
	duration(&t.BudgetWindow, 10*time.Minute)
	duration(&t.FailedRetry, time.Minute)
	duration(&t.StopGrace, 2*time.Second)
	duration(&t.Drain, 2*time.Minute)
	duration(&t.RunToEnd, time.Minute)
	number(&t.Waiters, 1024)
	return t
}

type silent struct{}

func (silent) Called(string, string, string, time.Duration) {}
func (silent) Exited(string)                                {}
