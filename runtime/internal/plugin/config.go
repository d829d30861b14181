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

// Config is the configuration of a Host. Only App is required.
type Config struct {
	Logger *slog.Logger
	// TempDir is where the host makes its private directory, or else /tmp; by default the
	// first usable of several places.
	TempDir string
	// DataDir may hold copies of executables, since a temporary directory may allow none to
	// run, be too small, or be cleaned. It may be empty.
	DataDir string
	// App describes the app to plugins.
	App *elementv1.App
	// Services are offered to the plugins of their families.
	Services []HostService
	// Calls lets plugins reach other elements, if their family has a host service or
	// their schema has references. It may be nil.
	Calls    Calls
	Timings  Timings
	Trace    Trace
	Observer Observer
}

// HostService is served to the plugins of one family, beside the service Host.
type HostService struct {
	// Meta is the family's full name.
	Meta string
	// Register adds the service to the server of one process. The context of each
	// request carries the element.Call being served.
	Register func(grpc.ServiceRegistrar)
}

// Calls reaches other elements on behalf of the call being served. The implementation
// makes sure that the configuration of from.Element names fullName. It is called from
// any goroutine. Plugins get its errors whole.
type Calls interface {
	Call(ctx context.Context, from element.Call, fullName, function string, args json.RawMessage) (json.RawMessage, error)
	Get(ctx context.Context, from element.Call, fullName, property string) (json.RawMessage, error)
}

// Trace carries trace context to and from plugins. It is off if Provider is nil.
type Trace struct {
	Provider   trace.TracerProvider
	Propagator propagation.TextMapPropagator
}

// Observer counts calls and processes, for metrics. Its methods must not block.
type Observer interface {
	// Called is called when a call has ended after d; code is empty for success.
	Called(typ, function, code string, d time.Duration)
	// Exited is called when a process of the Type exited unasked or could not be started.
	Exited(typ string)
}

// Timings are the timeouts of a process's life. Zero fields have defaults.
type Timings struct {
	// Start bounds the start of a process up to its description, Configure the
	// configuration of one instance.
	Start, Configure time.Duration
	// PingEvery is the interval of pings, PingDeadline the time for an answer. A process
	// that misses PingMisses pings in a row is killed.
	PingEvery, PingDeadline time.Duration
	PingMisses              int
	// Backoff is the pause before the first restart. It doubles up to BackoffMax and
	// starts again once a process has lived for Healthy. Calls wait for a pause of up to
	// BackoffWait and fail at once in a longer one.
	Backoff, BackoffMax, BackoffWait, Healthy time.Duration
	// After more than Budget exits within BudgetWindow the Type has failed. It is tried
	// again after FailedRetry.
	Budget                    int
	BudgetWindow, FailedRetry time.Duration
	// StopGrace is the time that a process has to exit when asked.
	StopGrace time.Duration
	// Drain bounds how long a replaced process finishes its calls.
	Drain time.Duration
	// RunToEnd bounds a call that goes on without its caller and has no deadline.
	RunToEnd time.Duration
	// Waiters bounds the calls that wait for one process to start.
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
	// A frozen process is noticed within ten seconds, whenever it freezes: before it
	// serves, or after its last answered ping.
	duration(&t.Start, 9*time.Second)
	duration(&t.Configure, 10*time.Second)
	duration(&t.PingEvery, 2*time.Second)
	duration(&t.PingDeadline, 2*time.Second)
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

type noObserver struct{}

func (noObserver) Called(string, string, string, time.Duration) {}
func (noObserver) Exited(string)                                {}
