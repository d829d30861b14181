package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// Main is the main function of a plugin executable. It doesn't return. If a host
// started the process, Main serves the Types until the host ends it or is gone, and
// ignores SIGTERM, SIGINT and SIGHUP. Run
// by hand, the executable describes itself and calls functions:
//
//	prog describe                                    writes what belongs beside it as prog.types.json
//	prog call TYPE FUNCTION JSON [--config FILE]     makes one call, without a host
func Main(types ...Type) {
	if os.Getenv(handshake.CookieKey) == handshake.CookieValue {
		serve(types)
		return
	}
	os.Exit(command(context.Background(), os.Args[1:], os.Stdout, os.Stderr, types))
}

const (
	// workers is the number of goroutines that serve calls one after the other, on
	// stacks that have grown already. A call that finds all busy gets a goroutine of
	// its own.
	workers = 32
	// maxCalls bounds the calls in flight. The host has a bound of its own.
	maxCalls = 1 << 20
	// window is the HTTP/2 window of requests and connections. A fixed one keeps gRPC
	// from pinging with every message to estimate the bandwidth, which costs more on
	// a local socket than it can gain.
	window = 1 << 20
)

func serve(types []Type) {
	// A signal to everything that belongs to a service or a terminal is the host's: it
	// drains, and needs its plugins for that.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	hideMemory()
	watchLifeline()
	// go-plugin replaces os.Stderr by a pipe; the logger keeps the real one.
	logger := stderrLogger()
	host := dialHost(os.Getenv(handshake.EnvHostAddr), os.Getenv(handshake.EnvHostToken))
	element := newServer(host, logger, types)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  handshake.ProtocolVersion,
			MagicCookieKey:   handshake.CookieKey,
			MagicCookieValue: handshake.CookieValue,
		},
		Plugins: plugin.PluginSet{handshake.PluginName: &servedPlugin{element: element}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts,
				grpc.MaxRecvMsgSize(handshake.MaxMessageSize+carrier.Overhead),
				grpc.MaxSendMsgSize(handshake.MaxMessageSize+carrier.Overhead),
				grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window),
				grpc.NumStreamWorkers(workers))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{
			Level: hclog.Warn, Output: os.Stderr, JSONFormat: true, DisableTime: false,
		}),
	})
}

// servedPlugin is the executable's one plugin in the sense of go-plugin.
type servedPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	element elementv1.ElementServer
}

func (p *servedPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	elementv1.RegisterElementServer(carrier.NewServer(s, carrier.Options{MaxRequests: maxCalls, IdleWorkers: workers}), p.element)
	return nil
}

func (p *servedPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a plugin has no client")
}

func usage(w io.Writer) {
	fmt.Fprint(w, `This is a plugin of Lintel: the runtime starts it by itself. By hand:

  describe                                   what it offers, as JSON
  call TYPE FUNCTION [JSON] [--config FILE]  one call of a function, without a host
`)
}
