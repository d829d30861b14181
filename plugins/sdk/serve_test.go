//go:build unix

package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Started by a host, the test's own executable is the plugin.
func TestMain(m *testing.M) {
	if os.Getenv(handshake.CookieKey) != "" {
		sdk.Main(ProbeType())
		return
	}
	os.Exit(m.Run())
}

type Probe struct{}

type Echo struct {
	Text string `json:"text" arg:"Ltext,required"`
}

func (*Probe) Echo(_ context.Context, in Echo) (Echo, error) { return in, nil }

func (*Probe) Ask(ctx context.Context, _ sdk.None) (string, error) {
	sdk.Logger(ctx).Info("asking")
	var out string
	return out, sdk.HostOf(ctx).Call(ctx, "SMS.other", "fn", map[string]any{"a": 1}, &out)
}

func (*Probe) Account(ctx context.Context, _ sdk.None) (string, error) {
	a, err := sdk.HostOf(ctx).Login().Account(ctx, &elementv1.AccountRequest{})
	return a.GetUserId(), err
}

func ProbeType() sdk.Type {
	return sdk.NewType("Probe", func(context.Context, struct{}, sdk.Env) (*Probe, error) { return &Probe{}, nil },
		sdk.Func("echo", (*Probe).Echo), sdk.Func("ask", (*Probe).Ask), sdk.Func("account", (*Probe).Account))
}

// host is a Host and Login service that records metadata.
type host struct {
	elementv1.UnimplementedHostServer
	elementv1.UnimplementedLoginServer
	seen chan metadata.MD
}

func (h *host) Call(ctx context.Context, in *elementv1.HostCallRequest) (*elementv1.HostCallResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	h.seen <- md
	return &elementv1.HostCallResponse{Error: errcode.ToWire(errcode.New("SEND_TOO_FREQUENT", "wait").After(7 * time.Second))}, nil
}

func (h *host) Account(context.Context, *elementv1.AccountRequest) (*elementv1.AccountResponse, error) {
	return nil, errcode.ToStatus(errcode.New(errcode.LoginRequired, "nobody is signed in").With("a", "b"))
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// elementPlugin is the host's end of the plugin.
type elementPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (elementPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("no server")
}
func (elementPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return elementv1.NewElementClient(c), nil
}

// start runs the plugin under go-plugin, with a host and a lifeline.
func start(t *testing.T) (elementv1.ElementClient, *host, *exec.Cmd, *os.File, *lockedBuffer) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "sdk")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	address := filepath.Join(dir, "host.sock")
	listener, err := net.Listen("unix", address)
	require.NoError(t, err)
	h := &host{seen: make(chan metadata.MD, 10)}
	server := grpc.NewServer()
	elementv1.RegisterHostServer(server, h)
	elementv1.RegisterLoginServer(server, h)
	go server.Serve(listener)
	t.Cleanup(server.Stop)

	read, write, err := os.Pipe()
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.ExtraFiles = []*os.File{read}
	cmd.Env = []string{
		handshake.EnvHostAddr + "=" + address, handshake.EnvHostToken + "=the-token", handshake.EnvLifelineFD + "=3",
	}
	stderr := &lockedBuffer{}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: handshake.ProtocolVersion, MagicCookieKey: handshake.CookieKey, MagicCookieValue: handshake.CookieValue},
		Plugins:          plugin.PluginSet{handshake.PluginName: elementPlugin{}},
		Cmd:              cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		SkipHostEnv:      true,
		Stderr:           stderr,
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(handshake.MaxMessageSize), grpc.MaxCallSendMsgSize(handshake.MaxMessageSize))},
	})
	t.Cleanup(client.Kill)
	conn, err := client.Client()
	require.NoError(t, err)
	read.Close()
	raw, err := conn.Dispense(handshake.PluginName)
	require.NoError(t, err)
	return raw.(elementv1.ElementClient), h, cmd, write, stderr
}

var probe = &elementv1.Instance{Type: "any.app.Probe", Name: "a.probe", Generation: 3}

func configured(t *testing.T, e elementv1.ElementClient) {
	t.Helper()
	a, err := e.Configure(context.Background(), &elementv1.ConfigureRequest{Instance: probe, ConfigJson: []byte("{}")})
	require.NoError(t, err)
	require.Empty(t, a.GetDiagnostics())
}

func TestServedByGoPlugin(t *testing.T) {
	e, h, cmd, lifeline, _ := start(t)
	configured(t, e)

	t.Run("a large message passes", func(t *testing.T) {
		text := strings.Repeat("x", 8<<20)
		a, err := e.Call(context.Background(), &elementv1.CallRequest{Instance: probe, Function: "echo", ArgsJson: fmt.Appendf(nil, `{"text":%q}`, text)})
		require.NoError(t, err)
		require.Len(t, a.GetResultJson(), len(text)+len(`{"text":""}`))
	})
	t.Run("what is asked of the host carries token, call and trace", func(t *testing.T) {
		ctx := metadata.AppendToOutgoingContext(context.Background(), handshake.MetaCall, "call-1",
			"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "baggage", "k=v", "other", "not carried")
		a, err := e.Call(ctx, &elementv1.CallRequest{Instance: probe, Function: "ask"})
		require.NoError(t, err)
		require.Equal(t, "SEND_TOO_FREQUENT", a.GetError().GetCode())
		require.EqualValues(t, 7000, a.GetError().GetRetryAfterMs())
		md := <-h.seen
		require.Equal(t, []string{"the-token"}, md.Get(handshake.MetaToken))
		require.Equal(t, []string{"call-1"}, md.Get(handshake.MetaCall))
		require.Equal(t, []string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, md.Get("traceparent"))
		require.Equal(t, []string{"k=v"}, md.Get("baggage"))
		require.Empty(t, md.Get("other"))
	})
	t.Run("errors of the Login service are whole", func(t *testing.T) {
		a, err := e.Call(context.Background(), &elementv1.CallRequest{Instance: probe, Function: "account"})
		require.NoError(t, err)
		require.Equal(t, "LOGIN_REQUIRED", a.GetError().GetCode())
		require.JSONEq(t, `{"a":"b"}`, string(a.GetError().GetDetailsJson()))
	})
	t.Run("signals that end a service are ignored, the end of the lifeline is not", func(t *testing.T) {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			require.NoError(t, cmd.Process.Signal(sig))
			_, err := e.Call(context.Background(), &elementv1.CallRequest{Instance: probe, Function: "echo", ArgsJson: []byte(`{"text":"still here"}`)})
			require.NoError(t, err)
		}
		lifeline.Close()
		require.Eventually(t, func() bool { return cmd.Process.Signal(syscall.Signal(0)) != nil }, 30*time.Second, 5*time.Millisecond)
	})
}

func TestLogGoesToTheProcessesOwnStderr(t *testing.T) {
	e, _, _, lifeline, stderr := start(t)
	configured(t, e)
	_, err := e.Call(context.Background(), &elementv1.CallRequest{Instance: probe, Function: "ask", RequestId: "req-9"})
	require.NoError(t, err)
	defer lifeline.Close()
	require.Eventually(t, func() bool {
		return strings.Contains(stderr.String(), `"@message":"asking","element":"a.probe","request_id":"req-9"`)
	}, 30*time.Second, 5*time.Millisecond)
}

func TestRunByHandItSaysWhatItIs(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{handshake.CookieKey + "=another"}
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "This is a plugin of Lintel")
	require.Contains(t, string(out), "describe")
	cmd = exec.Command(os.Args[0], "call", "Probe", "echo", `{"text":"hi"}`)
	cmd.Env = []string{handshake.CookieKey + "=another"}
	out, err = cmd.Output()
	require.NoError(t, err)
	require.Equal(t, `{"text":"hi"}`+"\n", string(out))
}
