package runtime

import (
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Option is an option of Open, Validate, List and Lock.
type Option func(*settings)

type settings struct {
	pluginDirs []string
	logger     *slog.Logger
	variables  map[string]string
	dataDir    string
	secret     string
	dev        bool
	devSend    bool
	static     bool
	locked     bool
	watch      bool
	tracer     trace.TracerProvider
	observer   Observer
	storeWait  time.Duration
	// withoutStores is set if Open doesn't fail for a store that can't be reached.
	withoutStores bool
	drain         time.Duration
	outbound      Outbound
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

// WithPluginDir adds a directory to look up the bare names of plugin executables in,
// before the directory of the running executable.
func WithPluginDir(dir string) Option {
	return func(s *settings) { s.pluginDirs = append(s.pluginDirs, dir) }
}

// WithLogger sets the app's logger. The default is slog.Default.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) { s.logger = logger }
}

// WithVariables sets variables that take precedence over the process environment.
func WithVariables(vars map[string]string) Option {
	return func(s *settings) { s.variables = vars }
}

// WithDataDir sets the data directory. The default is appData in the app's directory.
func WithDataDir(dir string) Option {
	return func(s *settings) { s.dataDir = dir }
}

// WithSecret sets the app's secret: base64 or hex of at least 32 random bytes.
// The default is LINTEL_SECRET, then the file "secret" in the data directory,
// which is made on first start if both default stores are embedded.
func WithSecret(secret string) Option {
	return func(s *settings) { s.secret = secret }
}

// WithDev allows what is only for development, uses the embedded stores whatever
// app.json names, and lets Types for development, such as an SMS outbox, stand in for
// all instances of their families.
func WithDev() Option {
	return func(s *settings) { s.dev = true }
}

// WithDevSend lets the instances of an app with WithDev serve themselves, so that
// messages are sent.
func WithDevSend() Option {
	return func(s *settings) { s.devSend = true }
}

// WithStatic makes Validate start no Type.
func WithStatic() Option {
	return func(s *settings) { s.static = true }
}

// WithLocked rejects plugin executables that lintel.lock doesn't pin.
func WithLocked() Option {
	return func(s *settings) { s.locked = true }
}

// WithoutWatch loads the app once and never reloads it.
func WithoutWatch() Option {
	return func(s *settings) { s.watch = false }
}

// Outbound is how the app's plugins make requests to other machines.
type Outbound struct {
	// Proxy is the URL of the HTTP proxy, perhaps with a password, for every host that
	// isn't written as a loopback address.
	Proxy string
	// Authorities are certificates in PEM that are trusted besides the system's.
	Authorities []byte
}

// WithOutbound sets how plugins make requests. By default they use no proxy and trust the
// system's certificates. Plugins have none of the process's environment.
func WithOutbound(o Outbound) Option {
	return func(s *settings) { s.outbound = o }
}

// WithTracerProvider traces calls, in plugins too. Without it nothing is traced.
func WithTracerProvider(tp trace.TracerProvider) Option {
	return func(s *settings) { s.tracer = tp }
}

// WithObserver sets an Observer of calls and plugin processes.
func WithObserver(o Observer) Option {
	return func(s *settings) { s.observer = o }
}

// WithStoreWait bounds how long Open waits for a default store that can't be reached
// yet. The default is 5 s.
func WithStoreWait(d time.Duration) Option {
	return func(s *settings) { s.storeWait = d }
}

// WithoutStores lets Open succeed while a default store can't be reached. Calls that
// need the store fail with STORE_UNAVAILABLE until it can. A store that waiting doesn't
// make ready still fails Open: its configuration, rights or version are wrong.
func WithoutStores() Option {
	return func(s *settings) { s.withoutStores = true }
}

// Observer observes calls and plugin processes, for metrics. Its methods are called from
// any goroutine and must return quickly.
type Observer interface {
	// Called is called when a call of a function has ended with a code, "" for none.
	Called(element, typeName, function string, took time.Duration, code Code)
	// Restarted is called when a plugin process of a Type has exited unasked and is
	// started again.
	Restarted(typeName string)
}

// restarts reports processes that exited unasked to an Observer. callRecorder reports
// calls, those of built-in Types too.
type restarts struct{ observer Observer }

func (restarts) Called(string, string, string, time.Duration) {}

func (r restarts) Exited(typeName string) {
	if r.observer != nil {
		r.observer.Restarted(typeName)
	}
}
