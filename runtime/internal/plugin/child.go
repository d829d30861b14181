package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
	"github.com/lintel-run/lintel/runtime/internal/plugin/outputs"
	"github.com/lintel-run/lintel/runtime/internal/plugin/runner"
)

// child is one process from its start to its end. A Process has one child at a time,
// and two while one replaces the other.
type child struct {
	host     *Host
	spec     Spec
	dir      string
	out      *outputs.Log
	inflight *inflight
	cb       *callbacks
	run      *runner.Runner
	client   *goplugin.Client
	conn     *grpc.ClientConn
	// carried carries requests to the process on one stream; nil if each is sent by itself.
	carried *carrier.Conn
	api     elementv1.ElementClient

	// configured maps each *generation to its *configured.
	configured sync.Map

	// displaced is closed when the process's directory has gone. It is served on, but
	// could not connect to the host again.
	displaced chan struct{}

	closing sync.Once
	frozen  atomic.Bool
	watched chan struct{} // closed when watch has returned

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	cut   bool
}

// launch starts a process and reads its description. ctx bounds both. The child may be
// returned with an error, for its output.
func (h *Host) launch(ctx context.Context, spec Spec) (*child, error) {
	dir, err := h.newDir()
	if err != nil {
		return nil, err
	}
	c := &child{host: h, spec: spec, dir: dir, conns: make(map[net.Conn]struct{}), watched: make(chan struct{}), displaced: make(chan struct{})}
	c.inflight = newInflight()
	c.out = outputs.NewLog(h.logger.With("type", spec.Type), outputs.DefaultLimits(), c.inflight.logAttrs)
	prog, err := h.program(spec, dir)
	if err != nil {
		_ = os.RemoveAll(dir)
		return c, err
	}
	if c.cb, err = h.serveCallbacks(spec, dir, c.inflight, c.out); err != nil {
		_ = os.RemoveAll(dir)
		return c, err
	}
	c.run = runner.New(runner.Config{
		Path: prog.path, Args: prog.args, Dir: prog.dir, SocketDir: dir, TCP: spec.TCP,
		Env: append(prog.env,
			"TMPDIR="+dir,
			handshake.EnvLogLevel+"="+h.logLevel(ctx),
			handshake.EnvHostAddr+"="+c.cb.address,
			handshake.EnvHostToken+"="+c.cb.token),
		Spawner: h.spawner, Groups: h.guard, Output: c.out,
	})
	if err = c.connect(ctx); err == nil {
		err = c.describe(ctx)
	}
	if err != nil {
		close(c.watched)
		c.kill()
		return c, c.startError(err)
	}
	go c.watch() //nolint:contextcheck // the watch lives as long as the process, not its start
	return c, nil
}

// logLevel returns the name of the lowest level that is logged.
func (h *Host) logLevel(ctx context.Context) string {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if h.logger.Enabled(ctx, level) {
			return strings.ToLower(level.String())
		}
	}
	return "error"
}

// connect runs go-plugin's handshake and connects.
func (c *child) connect(ctx context.Context) error {
	config := &goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: handshake.ProtocolVersion, MagicCookieKey: handshake.CookieKey, MagicCookieValue: handshake.CookieValue,
		},
		Plugins:          goplugin.PluginSet{handshake.PluginName: &wire{}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		RunnerFunc:       c.run.Func,
		// ctx bounds the start. go-plugin's own bound, with a poorer error, never comes first.
		StartTimeout: 2 * c.host.times.Start,
		SkipHostEnv:  true,
		AutoMTLS:     c.spec.TCP,
		// go-plugin must not parse what a plugin prints.
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       c.out.Stream("stdout"), //nolint:contextcheck // a log line belongs to no request
		SyncStderr:       c.out.Stream("stderr"), //nolint:contextcheck // a log line belongs to no request
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: c.dir},
		GRPCDialOptions:  c.dialOptions(),
	}
	c.client = goplugin.NewClient(config)
	var failure error
	negotiated := make(chan struct{})
	go func() {
		defer close(negotiated)
		failure = c.negotiate()
	}()
	select {
	case <-negotiated:
		return failure
	case <-ctx.Done():
	}
	// go-plugin stops waiting when the process and its connections have ended.
	c.run.Signal(syscall.SIGKILL)
	c.cutConns()
	select {
	case <-negotiated:
	case <-time.After(c.host.times.StopGrace):
	}
	return fmt.Errorf("the plugin did not start in time: %w", ctx.Err())
}

func (c *child) negotiate() (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("handshake: %v", value)
		}
	}()
	if _, err := c.client.Start(); err != nil {
		return err
	}
	protocol, err := c.client.Client()
	if err != nil {
		return err
	}
	grpcClient, ok := protocol.(*goplugin.GRPCClient)
	if !ok {
		return errors.New("the plugin doesn't speak gRPC")
	}
	c.conn = grpcClient.Conn
	// Traced requests have metadata, which a carrier leaves out.
	if c.host.cfg.Trace.Provider != nil {
		c.api = elementv1.NewElementClient(c.conn)
		return nil
	}
	c.carried = carrier.NewConn(c.conn, nil)
	c.api = elementv1.NewElementClient(c.carried)
	return nil
}

const brokerMethod = "/plugin.GRPCBroker/StartStream"

func (c *child) dialOptions() []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithContextDialer(c.dial),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(handshake.MaxMessageSize), grpc.MaxCallSendMsgSize(handshake.MaxMessageSize)),
		// The broker isn't used, and a plugin could flood the host through it.
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			if method == brokerMethod {
				return nil, status.Error(codes.Unimplemented, "no broker")
			}
			return streamer(ctx, desc, conn, method, opts...)
		}),
	}
	if t := c.host.cfg.Trace; t.Provider != nil {
		elements := otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool {
			return strings.HasPrefix(info.FullMethodName, "/"+elementv1.Element_ServiceDesc.ServiceName+"/")
		})
		options = append(options, grpc.WithStatsHandler(otelgrpc.NewClientHandler(append(t.options(), elements)...)))
	}
	return options
}

// dial connects to the plugin and keeps the connection for cutConns.
func (c *child) dial(ctx context.Context, _ string) (net.Conn, error) {
	network, address := c.run.Address()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	c.conns[conn] = struct{}{}
	return conn, nil
}

func (c *child) cutConns() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for conn := range c.conns {
		_ = conn.Close()
	}
}

// describe checks that the process serves the Type that it was started for.
func (c *child) describe(ctx context.Context) error {
	resp, err := c.api.Describe(ctx, &elementv1.DescribeRequest{})
	if err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	last := c.spec.Type[strings.LastIndexByte(c.spec.Type, '.')+1:]
	for _, t := range resp.GetTypes() {
		if t.GetName() == c.spec.Type || t.GetName() == last {
			if c.spec.Description != nil && !proto.Equal(t, c.spec.Description) {
				c.host.logger.Warn("the plugin's description differs from the file beside it, which counts; write the file again", "type", c.spec.Type)
			}
			return nil
		}
	}
	return fmt.Errorf("the executable doesn't serve the Type %s", c.spec.Type)
}

// watch pings the process until it has ended, and kills it if it doesn't answer. It
// notices if the host's socket is gone.
func (c *child) watch() {
	defer close(c.watched)
	times := c.host.times
	ticker := time.NewTicker(times.PingEvery)
	defer ticker.Stop()
	misses, displaced := 0, false
	for {
		select {
		case <-c.run.Done():
			return
		case <-ticker.C:
		}
		if _, err := os.Lstat(c.cb.address); errors.Is(err, os.ErrNotExist) && !displaced {
			displaced = true
			close(c.displaced)
		}
		if c.ping(times.PingDeadline) {
			misses = 0
		} else if misses++; misses >= times.PingMisses {
			c.frozen.Store(true)
			c.run.Signal(syscall.SIGKILL)
			// Calls fail now, also if the system is slow to end the process.
			c.cutConns()
			return
		}
	}
}

// ping reports whether the process answers. That it has no health service is an answer
// too.
func (c *child) ping(deadline time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	resp, err := grpc_health_v1.NewHealthClient(c.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	switch status.Code(err) { //nolint:exhaustive // any other code is an answer
	case codes.OK:
		return resp.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
	case codes.DeadlineExceeded, codes.Unavailable, codes.Canceled:
		return false
	}
	return true
}

const shutdownMethod = "/plugin.GRPCController/Shutdown"

// stop asks the process to exit, with go-plugin's Shutdown and then with the end of its
// lifeline and SIGTERM, and kills it after a grace period.
func (c *child) stop() {
	grace := c.host.times.StopGrace
	ctx, cancel := context.WithTimeout(context.Background(), grace/2)
	defer cancel()
	switch err := c.conn.Invoke(ctx, shutdownMethod, &emptypb.Empty{}, &emptypb.Empty{}); status.Code(err) {
	case codes.DeadlineExceeded:
		// It is frozen and would not notice anything else either.
	case codes.Unimplemented:
		c.release(grace / 2)
	default:
		// It was asked and may exit by itself, which may lose the answer.
		c.await(grace / 4)
		c.release(grace / 4)
	}
	c.kill()
}

// release asks a process to exit that didn't do so on Shutdown.
func (c *child) release(wait time.Duration) {
	c.run.Release()
	c.run.Signal(syscall.SIGTERM)
	c.await(wait)
}

func (c *child) await(d time.Duration) {
	select {
	case <-c.run.Done():
	case <-time.After(d):
	}
}

// kill kills the process with its group and cleans up. It waits for nothing that a
// process could delay forever.
func (c *child) kill() {
	c.closing.Do(func() {
		c.run.Signal(syscall.SIGKILL)
		if c.run.PID() != 0 {
			c.await(c.host.times.StopGrace)
		}
		c.cutConns()
		c.out.Close()
		c.inflight.close()
		c.cb.server.Stop()
		cleaned := make(chan struct{})
		go func() {
			defer close(cleaned)
			c.client.Kill()
			if c.carried != nil {
				c.carried.Close()
			}
		}()
		select {
		case <-cleaned:
		case <-time.After(c.host.times.StopGrace):
		}
		select {
		case <-c.watched:
		case <-time.After(c.host.times.StopGrace):
		}
		_ = os.RemoveAll(c.dir)
	})
}

// wire is the entry in go-plugin's plugin set. The host connects by itself.
type wire struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (*wire) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host doesn't serve")
}

func (*wire) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return elementv1.NewElementClient(conn), nil
}

var _ goplugin.GRPCPlugin = (*wire)(nil)
