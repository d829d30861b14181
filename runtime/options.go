package runtime

import (
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Option changes how Open, Validate and Lock work.
type Option func(*settings)

type settings struct {
	pluginDirs []string
	logger     *slog.Logger
	variables  map[string]string
	dataDir    string
	secret     string
	dev        bool
	locked     bool
	watch      bool
	tracer     trace.TracerProvider
	observer   Observer
	storeWait  time.Duration
	drain      time.Duration
}

func newSettings(opts []Option) settings {
	s := settings{
		logger:    slog.Default(),
		watch:     true,
		storeWait: 5 * time.Second,
		drain:     10 * time.Second,
	}
	for _, opt := range opts {
		opt(&s)
	}
	return s
}

// WithPluginDir adds a directory in which bare names of plugin executables are
// looked up, before the directory of the running executable.
func WithPluginDir(dir string) Option {
	return func(s *settings) { s.pluginDirs = append(s.pluginDirs, dir) }
}

// WithLogger sets where the app logs; the default is slog.Default.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) { s.logger = logger }
}

// WithVariables sets variables that win over the process environment.
func WithVariables(vars map[string]string) Option {
	return func(s *settings) { s.variables = vars }
}

// WithDataDir sets the data directory; the default is appData in the app.
func WithDataDir(dir string) Option {
	return func(s *settings) { s.dataDir = dir }
}

// WithSecret sets the app's secret: base64 or hex of at least 32 random bytes.
// The default is LINTEL_SECRET, then the file "secret" in the data directory,
// which is made on first start when both default stores are embedded.
func WithSecret(secret string) Option {
	return func(s *settings) { s.secret = secret }
}

// WithDev allows what is for development only, such as an SMS outbox, and uses
// the embedded stores whatever app.json names.
func WithDev() Option {
	return func(s *settings) { s.dev = true }
}

// WithLocked refuses plugin executables that lintel.lock doesn't pin.
func WithLocked() Option {
	return func(s *settings) { s.locked = true }
}

// WithoutWatch loads once and never reloads.
func WithoutWatch() Option {
	return func(s *settings) { s.watch = false }
}

// WithTracerProvider makes spans of calls and carries the trace into plugins and
// back. Without it nothing is traced.
func WithTracerProvider(tp trace.TracerProvider) Option {
	return func(s *settings) { s.tracer = tp }
}

// WithObserver is told of calls and plugin processes, for metrics.
func WithObserver(o Observer) Option {
	return func(s *settings) { s.observer = o }
}

// WithStoreWait bounds how long Open waits for a default store that can't be
// reached yet; the default is 5 s.
func WithStoreWait(d time.Duration) Option {
	return func(s *settings) { s.storeWait = d }
}

// Observer is told what happens, from any goroutine; it must return quickly.
type Observer interface {
	// Called: a call of an element's function has ended with a code, "" for none.
	Called(element, typeName, function string, took time.Duration, code Code)
	// Restarted: a plugin process of a Type has ended unasked and is started again.
	Restarted(typeName string)
}

// restarts tells an Observer of processes that ended unasked; calls are observed
// where all elements are, built-in ones too.
type restarts struct{ observer Observer }

func (restarts) Called(string, string, string, time.Duration) {}

func (r restarts) Exited(typeName string) {
	if r.observer != nil {
		r.observer.Restarted(typeName)
	}
}
