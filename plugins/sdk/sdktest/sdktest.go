// Package sdktest runs a Type inside a test's process. A test opens an instance with a
// configuration, calls its functions, and answers what it asks of the host:
//
//	sms := sdktest.Open(t, acme, `{"url": "http://127.0.0.1:1234", "key": "k"}`)
//	out, err := sms.Call(ctx, "sendMessage", sdktest.Args{"phoneList": …, "params": …})
//
// Requests and responses are converted to the messages of the wire contract and back,
// as between host and plugin.
package sdktest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"

	"google.golang.org/grpc/metadata"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Args are the named arguments of a call.
type Args = map[string]any

// Instance is an opened instance of a Type. Its methods may be called from any
// goroutine.
type Instance struct {
	// Warnings are the warnings of open.
	Warnings []*elementv1.Diagnostic

	t      testing.TB
	server elementv1.ElementServer
	id     *elementv1.Instance
	app    *elementv1.App
	log    *Log
}

// Option changes how an instance is opened.
type Option func(*options)

type options struct {
	name  string
	title string
	app   *elementv1.App
	host  *Host
}

// Named sets the full name of the instance.
func Named(fullName string) Option { return func(o *options) { o.name = fullName } }

// Dev opens the instance as an app does that was started with --dev.
func Dev() Option { return func(o *options) { o.app.Dev = true } }

// Outbound sets how the instance's requests leave the network.
func Outbound(out sdk.Outbound) Option {
	return func(o *options) {
		o.app.Outbound = &elementv1.Outbound{Proxy: out.Proxy, Authorities: out.Authorities}
	}
}

// InDir sets the app's directory.
func InDir(dir string) Option { return func(o *options) { o.app.Directory = dir } }

// WithHost sets the host of the instance. Without one, it is refused everything.
func WithHost(h *Host) Option { return func(o *options) { o.host = h } }

// Open opens an instance with a configuration in JSON, and closes it when the test
// ends. It fails the test if the configuration is refused.
func Open(t testing.TB, typ sdk.Type, config string, opts ...Option) *Instance {
	t.Helper()
	e, wrong := TryOpen(t, typ, config, opts...)
	for _, d := range wrong {
		t.Errorf("%s: %s: %s", typ.Name(), d.GetPointer(), d.GetMessage())
	}
	if len(wrong) > 0 {
		t.FailNow()
	}
	return e
}

// TryOpen is like Open, but returns the diagnostics of a configuration that is
// refused.
func TryOpen(t testing.TB, typ sdk.Type, config string, opts ...Option) (*Instance, []*elementv1.Diagnostic) {
	t.Helper()
	o := options{name: "test." + typ.Name(), title: "A test", app: &elementv1.App{AppId: "test.app", Title: "Test App"}}
	for _, opt := range opts {
		opt(&o)
	}
	log := &Log{}
	var server elementv1.ElementServer
	if o.host != nil {
		server = sdk.NewServer(o.host, log.logger(), typ)
	} else {
		server = sdk.NewServer(nil, log.logger(), typ)
	}
	e := &Instance{
		t: t, server: server, log: log, app: o.app,
		id: &elementv1.Instance{Type: typ.Name(), Name: o.name, Generation: 1},
	}
	wrong := e.configure(config, o.title)
	if len(wrong) == 0 {
		t.Cleanup(e.Release)
	}
	return e, wrong
}

func (e *Instance) configure(config, title string) []*elementv1.Diagnostic {
	answer, err := e.server.Configure(context.Background(), &elementv1.ConfigureRequest{
		Instance: e.id, ConfigJson: []byte(config), Title: title, App: e.app,
	})
	if err != nil {
		e.t.Fatalf("configure: %v", err)
	}
	e.Warnings = answer.GetWarnings()
	return answer.GetDiagnostics()
}

// Next opens the same instance with another configuration, beside this one.
func (e *Instance) Next(config string) (*Instance, []*elementv1.Diagnostic) {
	next := &Instance{t: e.t, server: e.server, log: e.log, app: e.app, id: &elementv1.Instance{
		Type: e.id.GetType(), Name: e.id.GetName(), Generation: e.id.GetGeneration() + 1,
	}}
	wrong := next.configure(config, "A test")
	if len(wrong) == 0 {
		e.t.Cleanup(next.Release)
	}
	return next, wrong
}

// Call calls a function as the host does. The result consists of JSON values. Errors
// are *errcode.Error.
func (e *Instance) Call(ctx context.Context, function string, args Args) (any, error) {
	var out any
	err := e.CallInto(ctx, function, args, &out)
	return out, err
}

// CallInto is like Call, but unmarshals the result into out.
func (e *Instance) CallInto(ctx context.Context, function string, args Args, out any) error {
	if args == nil {
		args = Args{}
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs(handshake.MetaCall, "call-of-"+function))
	answer, err := e.server.Call(ctx, &elementv1.CallRequest{
		Instance: e.id, Function: function, ArgsJson: raw, RequestId: "test-request",
	})
	if err != nil {
		return err
	}
	if answer.GetError() != nil {
		return errcode.FromWire(answer.GetError())
	}
	return json.Unmarshal(answer.GetResultJson(), out)
}

// Get reads a property.
func (e *Instance) Get(ctx context.Context, property string) (any, error) {
	answer, err := e.server.Get(ctx, &elementv1.GetRequest{Instance: e.id, Property: property, RequestId: "test-request"})
	if err != nil {
		return nil, err
	}
	if answer.GetError() != nil {
		return nil, errcode.FromWire(answer.GetError())
	}
	var out any
	return out, json.Unmarshal(answer.GetValueJson(), &out)
}

// Release closes the instance. Open does so when the test ends.
func (e *Instance) Release() {
	_, _ = e.server.Release(context.Background(), &elementv1.ReleaseRequest{Instance: e.id})
}

// Log returns what was logged so far, one JSON object per line.
func (e *Instance) Log() string { return e.log.String() }

// Check checks a configuration as "test this" does.
func Check(t testing.TB, typ sdk.Type, config string, opts ...Option) *elementv1.CheckResponse {
	t.Helper()
	o := options{app: &elementv1.App{AppId: "test.app", Title: "Test App"}}
	for _, opt := range opts {
		opt(&o)
	}
	answer, err := sdk.NewServer(nil, slog.New(slog.DiscardHandler), typ).Check(context.Background(),
		&elementv1.CheckRequest{Type: typ.Name(), Name: "test." + typ.Name(), ConfigJson: []byte(config), App: o.app})
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	return answer
}

// Log collects log lines.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write adds a line.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(line)
}

// String returns all lines.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
