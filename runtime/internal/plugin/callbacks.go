package plugin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
	"github.com/lintel-run/lintel/plugins/panicinfo"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/plugin/outputs"
)

// callbacks serves the requests that one process makes to the host, on a socket in the
// process's directory. Each request has to show the process's token and to belong to
// a call in flight.
type callbacks struct {
	elementv1.UnimplementedHostServer

	typ      string
	calls    Calls // nil if the process may not call elements
	inflight *inflight
	out      *outputs.Log
	logger   *slog.Logger
	token    string
	address  string
	server   *grpc.Server
}

// maxRequests bounds the requests that one process has open. A login Type may have one
// for each message whose vendor is slow, and logins must get through beside them.
const maxRequests = 8192

// idleWorkers is how many goroutines are kept for further requests, since their stacks
// have grown already.
const idleWorkers = 32

// window is the HTTP/2 window of requests and connections. A fixed one keeps gRPC from
// measuring the connection with a ping for every message, which on one machine costs
// more than it gains.
const window = 1 << 20

// serveCallbacks starts the server for a process with the private directory dir.
func (h *Host) serveCallbacks(spec Spec, dir string, calls *inflight, out *outputs.Log) (*callbacks, error) {
	var random [32]byte
	_, _ = rand.Read(random[:])
	cb := &callbacks{
		typ: spec.Type, inflight: calls, out: out, logger: h.logger.With("type", spec.Type),
		token: hex.EncodeToString(random[:]), address: filepath.Join(dir, "host"),
	}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(handshake.MaxMessageSize + carrier.Overhead),
		grpc.MaxSendMsgSize(handshake.MaxMessageSize + carrier.Overhead),
		grpc.MaxConcurrentStreams(maxRequests),
		grpc.NumStreamWorkers(idleWorkers),
		grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window),
		grpc.UnaryInterceptor(cb.unary),
		grpc.StreamInterceptor(cb.stream),
	}
	if h.cfg.Trace.Provider != nil {
		options = append(options, grpc.StatsHandler(&tracer{otelgrpc.NewServerHandler(h.cfg.Trace.options()...), calls}))
	}
	cb.server = grpc.NewServer(options...)
	var services grpc.ServiceRegistrar = cb.server
	if h.cfg.Trace.Provider == nil {
		services = carrier.NewServer(cb.server, carrier.Options{MaxRequests: maxRequests, IdleWorkers: idleWorkers, Unary: cb.unary})
	}
	elementv1.RegisterHostServer(services, cb)
	if declaresReferences(spec.Description) {
		cb.calls = h.cfg.Calls
	}
	for _, service := range h.cfg.Services {
		if service.Meta == spec.Meta {
			service.Register(services)
			cb.calls = h.cfg.Calls
		}
	}
	listener, err := net.Listen("unix", cb.address) //nolint:noctx // a unix socket is made at once
	if err != nil {
		return nil, fmt.Errorf("the host's socket: %w", err)
	}
	go func() { _ = cb.server.Serve(listener) }()
	return cb, nil
}

// declaresReferences reports whether the schema of a Type has keys that name other
// elements. Its instances may call the elements that they name.
func declaresReferences(d *elementv1.TypeDescription) bool {
	var schema any
	if json.Unmarshal([]byte(d.GetConfigSchema()), &schema) != nil {
		return false
	}
	return hasKeyword(schema, "x-element")
}

func hasKeyword(schema any, keyword string) bool {
	switch s := schema.(type) {
	case map[string]any:
		if _, ok := s[keyword].(string); ok {
			return true
		}
		for _, below := range s {
			if hasKeyword(below, keyword) {
				return true
			}
		}
	case []any:
		for _, below := range s {
			if hasKeyword(below, keyword) {
				return true
			}
		}
	}
	return false
}

// tracer makes the call being served the parent of requests that carry no trace.
type tracer struct {
	stats.Handler
	inflight *inflight
}

// TagRPC sets the parent. What the request itself carries takes precedence.
func (t *tracer) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	meta, _ := metadata.FromIncomingContext(ctx)
	if span := t.inflight.span(first(meta, handshake.MetaCall)); span.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, span)
	}
	return t.Handler.TagRPC(ctx, info)
}

func (t Trace) options() []otelgrpc.Option {
	options := []otelgrpc.Option{otelgrpc.WithTracerProvider(t.Provider)}
	if t.Propagator != nil {
		options = append(options, otelgrpc.WithPropagators(t.Propagator))
	}
	return options
}

// unary authenticates a request and serves it in the context of its call.
func (cb *callbacks) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	meta, _ := metadata.FromIncomingContext(ctx)
	if !cb.authenticated(meta) {
		return nil, errUnauthenticated
	}
	id := first(meta, handshake.MetaCall)
	defer func() {
		if value := recover(); value != nil {
			cb.logger.With(panicinfo.Attrs(value)...).Error("host service panicked", "method", info.FullMethod)
			resp, err = nil, errcode.ToStatus(errcode.New(errcode.Internal, "an internal error"))
		}
	}()
	switch info.FullMethod {
	case elementv1.Host_Log_FullMethodName: // outside a call, too
	default:
		inner, leave, ok := cb.inflight.contextFor(ctx, id)
		if !ok {
			return nil, errNoSuchCall
		}
		defer leave()
		ctx = inner
	}
	resp, err = handler(ctx, req)
	if err != nil {
		return nil, cb.status(info.FullMethod, err)
	}
	return resp, nil
}

var errNoSuchCall = status.Error(codes.PermissionDenied, "the request belongs to no call in flight")

// stream authenticates the stream that carries requests. There is no other stream.
func (cb *callbacks) stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	meta, _ := metadata.FromIncomingContext(stream.Context())
	if !cb.authenticated(meta) {
		return errUnauthenticated
	}
	if info.FullMethod != elementv1.Carrier_Carry_FullMethodName {
		return status.Error(codes.Unimplemented, "no such stream")
	}
	return handler(service, stream)
}

// authenticated reports whether a request shows the process's token.
func (cb *callbacks) authenticated(meta metadata.MD) bool {
	return subtle.ConstantTimeCompare([]byte(first(meta, handshake.MetaToken)), []byte(cb.token)) == 1
}

var errUnauthenticated = status.Error(codes.Unauthenticated, "the process's token is missing or wrong")

// status returns a service's error as the plugin gets it: an error with a code and a
// status as they are, any other without its text.
func (cb *callbacks) status(method string, err error) error {
	var coded *errcode.Error
	if errors.As(err, &coded) {
		return errcode.ToStatus(coded)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errcode.ToStatus(errcode.Wrap(err, errcode.DeadlineExceeded, "the call timed out"))
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	cb.logger.Error("host service failed", "method", method, "error", err)
	return errcode.ToStatus(err)
}

func first(meta metadata.MD, name string) string {
	if values := meta.Get(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// maxLogLines bounds the lines of one Log request. Further ones are dropped.
const maxLogLines = 256

// Log writes lines to the log, with the element and request of the call being served.
func (cb *callbacks) Log(ctx context.Context, req *elementv1.LogRequest) (*elementv1.LogResponse, error) {
	lines := req.GetLines()
	if len(lines) > maxLogLines {
		lines = lines[:maxLogLines]
	}
	meta, _ := metadata.FromIncomingContext(ctx)
	for _, line := range lines {
		level, _ := outputs.Level(line.GetLevel())
		cb.out.Record(level, line.GetMessage(), line.GetFieldsJson(), first(meta, handshake.MetaCall)) //nolint:contextcheck // a log line belongs to no request
	}
	return &elementv1.LogResponse{}, nil
}

var errNoCalls = errcode.New(errcode.Forbidden, "elements of this Type may not call other elements")

// Call calls another element for the call being served.
func (cb *callbacks) Call(ctx context.Context, req *elementv1.HostCallRequest) (*elementv1.HostCallResponse, error) {
	from, ok := element.CallOf(ctx)
	if !ok || cb.calls == nil {
		return &elementv1.HostCallResponse{Error: errcode.ToWire(errNoCalls)}, nil
	}
	result, err := cb.calls.Call(ctx, from, req.GetElement(), req.GetFunction(), req.GetArgsJson())
	if err != nil {
		return &elementv1.HostCallResponse{Error: cb.wire(err)}, nil
	}
	return &elementv1.HostCallResponse{ResultJson: result}, nil
}

// Get reads a property of another element for the call being served.
func (cb *callbacks) Get(ctx context.Context, req *elementv1.HostGetRequest) (*elementv1.HostGetResponse, error) {
	from, ok := element.CallOf(ctx)
	if !ok || cb.calls == nil {
		return &elementv1.HostGetResponse{Error: errcode.ToWire(errNoCalls)}, nil
	}
	value, err := cb.calls.Get(ctx, from, req.GetElement(), req.GetProperty())
	if err != nil {
		return &elementv1.HostGetResponse{Error: cb.wire(err)}, nil
	}
	return &elementv1.HostGetResponse{ValueJson: value}, nil
}

// wire is errcode.ToWire, with a code for the end of a context.
func (cb *callbacks) wire(err error) *elementv1.Error {
	var coded *errcode.Error
	if !errors.As(err, &coded) && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		err = errcode.Wrap(err, errcode.DeadlineExceeded, "the call timed out")
	}
	return errcode.ToWire(err)
}
