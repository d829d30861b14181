package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// Main is the main function of a plugin executable. Started by a host it serves
// the Types until the host ends it or is gone; it doesn't return. Run by hand it
// describes itself and calls functions:
//
//	prog describe                                    what lies beside it as prog.types.json
//	prog call TYPE FUNCTION JSON [--config FILE]     one call, without a host
func Main(types ...Type) {
	if os.Getenv(handshake.CookieKey) == handshake.CookieValue {
		serve(types)
		return
	}
	os.Exit(command(context.Background(), os.Args[1:], os.Stdout, os.Stderr, types))
}

// keptGoroutines serve one call after the other, each with a stack that has grown
// already; what comes when all are busy gets goroutines of its own.
const keptGoroutines = 32

// mostCalls is how many calls are served at once. The host bounds what it asks for.
const mostCalls = 1 << 20

// window is HTTP/2's, of a request and of a connection. One that is set keeps gRPC
// from measuring the connection by a ping with every message, which costs a socket
// on the same machine more than it can gain.
const window = 1 << 20

func serve(types []Type) {
	watchLifeline()
	// go-plugin puts a pipe in place of os.Stderr; the log keeps the real one.
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
				grpc.NumStreamWorkers(keptGoroutines))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{
			Level: hclog.Warn, Output: os.Stderr, JSONFormat: true, DisableTime: false,
		}),
	})
}

// servedPlugin is the one plugin of the executable, as go-plugin wants it.
type servedPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	element elementv1.ElementServer
}

func (p *servedPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	elementv1.RegisterElementServer(carrier.NewServer(s, carrier.Options{Most: mostCalls, Kept: keptGoroutines}), p.element)
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
