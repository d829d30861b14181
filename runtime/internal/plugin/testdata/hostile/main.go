// Command hostile is a plugin that the tests of package plugin run: it serves the
// contract by hand, and misbehaves as its arguments and calls ask.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
)

func main() {
	flags := map[string]string{}
	for _, arg := range os.Args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		flags[name] = value
	}
	if socket, ok := flags["plain"]; ok {
		plain(socket)
		return
	}
	before(flags)
	go lifeline(flags)
	signal.Ignore(syscall.SIGINT)
	if _, ok := flags["deaf"]; ok {
		signal.Ignore(syscall.SIGTERM)
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: handshake.ProtocolVersion, MagicCookieKey: handshake.CookieKey, MagicCookieValue: handshake.CookieValue,
		},
		Plugins: goplugin.PluginSet{handshake.PluginName: &served{flags: flags}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(handshake.MaxMessageSize+carrier.Overhead), grpc.MaxSendMsgSize(handshake.MaxMessageSize+carrier.Overhead))...)
		},
	})
	if _, ok := flags["linger"]; ok {
		select {}
	}
}

// plain serves the contract with gRPC alone, for comparison.
func plain(socket string) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	_ = (&served{}).GRPCServer(nil, server)
	_ = server.Serve(listener)
}

// before misbehaves before the handshake.
func before(flags map[string]string) {
	if file, ok := flags["count"]; ok {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, _ = f.WriteString("start\n")
			_ = f.Close()
		}
	}
	if _, ok := flags["flood"]; ok {
		fmt.Fprintln(os.Stderr, `{"@message": 5}`)
		fmt.Fprintln(os.Stderr, `{"@level": [], "@timestamp": 7, "@message": {"a": 1}}`)
		fmt.Fprintln(os.Stderr, `{"@message":"half`)
		fmt.Fprintln(os.Stderr, "\x1b[2Jforged\x07\xff")
		_, _ = os.Stderr.Write([]byte(strings.Repeat("e", 1<<20)))
		fmt.Fprintln(os.Stderr)
	}
	if line, ok := flags["line"]; ok {
		fmt.Println(line)
		select {}
	}
	if _, ok := flags["noline"]; ok {
		_, _ = os.Stdout.Write([]byte(strings.Repeat("x", 1<<20)))
		select {}
	}
	if _, ok := flags["freeze"]; ok {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	if _, ok := flags["crash"]; ok {
		fmt.Fprintln(os.Stderr, "the reason of the crash")
		os.Exit(3)
	}
	if text, ok := flags["slow"]; ok {
		d, _ := time.ParseDuration(text)
		time.Sleep(d)
	}
}

// flood writes to the real descriptors: lines of megabytes, then lines for ever.
func flood(file string) {
	stdout, stderr := os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
	for range 4 {
		_, _ = stdout.Write([]byte(strings.Repeat("o", 1<<20)))
	}
	_ = os.WriteFile(file, nil, 0o600)
	for i := 0; ; i++ {
		_, _ = fmt.Fprintf(stderr, "endless %d\n", i)
	}
}

func lifeline(flags map[string]string) {
	if _, ok := flags["deaf"]; ok {
		return
	}
	fd, err := strconv.Atoi(os.Getenv(handshake.EnvLifelineFD))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, os.NewFile(uintptr(fd), "lifeline"))
	os.Exit(0)
}

type served struct {
	goplugin.NetRPCUnsupportedPlugin
	elementv1.UnimplementedElementServer
	flags map[string]string

	mu        sync.Mutex
	instances map[string]string
	log       []string
}

func (s *served) GRPCServer(_ *goplugin.GRPCBroker, server *grpc.Server) error {
	s.instances = map[string]string{}
	if _, ok := s.flags["uncarried"]; ok {
		elementv1.RegisterElementServer(server, s)
		return nil
	}
	elementv1.RegisterElementServer(carrier.NewServer(server, carrier.Options{MaxRequests: 1024, IdleWorkers: 4}), s)
	return nil
}

func (s *served) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

func (s *served) Describe(context.Context, *elementv1.DescribeRequest) (*elementv1.DescribeResponse, error) {
	if file, ok := s.flags["flood"]; ok {
		go flood(file)
	}
	name := "Hostile"
	if other, ok := s.flags["type"]; ok {
		name = other
	}
	return &elementv1.DescribeResponse{Types: []*elementv1.TypeDescription{{Name: name}}}, nil
}

func id(in *elementv1.Instance) string { return fmt.Sprintf("%s/%d", in.GetName(), in.GetGeneration()) }

func (s *served) Configure(ctx context.Context, req *elementv1.ConfigureRequest) (*elementv1.ConfigureResponse, error) {
	if _, ok := s.flags["freezeconfigure"]; ok {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-ctx.Done()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	config := string(req.GetConfigJson())
	if refuse, ok := s.flags["refuse"]; ok && refuse == req.GetInstance().GetName() || config == `"bad"` {
		return &elementv1.ConfigureResponse{Diagnostics: []*elementv1.Diagnostic{{Pointer: "/a", Message: "is bad"}}}, nil
	}
	s.instances[id(req.GetInstance())] = config
	s.log = append(s.log, "configure "+id(req.GetInstance()))
	return &elementv1.ConfigureResponse{Warnings: []*elementv1.Diagnostic{{Message: "be warned"}}}, nil
}

func (s *served) Release(_ context.Context, req *elementv1.ReleaseRequest) (*elementv1.ReleaseResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.instances, id(req.GetInstance()))
	return &elementv1.ReleaseResponse{}, nil
}

func (s *served) Get(_ context.Context, req *elementv1.GetRequest) (*elementv1.GetResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch req.GetProperty() {
	case "config":
		return &elementv1.GetResponse{ValueJson: []byte(s.instances[id(req.GetInstance())])}, nil
	case "instances":
		return &elementv1.GetResponse{ValueJson: quote(fmt.Sprint(len(s.instances)))}, nil
	}
	return nil, status.Error(codes.Unimplemented, "secret words")
}

func (s *served) Check(context.Context, *elementv1.CheckRequest) (*elementv1.CheckResponse, error) {
	return &elementv1.CheckResponse{Steps: []*elementv1.CheckStep{{Name: "configuration", Ok: true}}}, nil
}

func quote(text string) []byte {
	out, _ := json.Marshal(text)
	return out
}

func (s *served) Call(ctx context.Context, req *elementv1.CallRequest) (resp *elementv1.CallResponse, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			resp, err = &elementv1.CallResponse{Error: errcode.ToWire(errcode.New(errcode.Internal, "the call panicked"))}, nil
		}
	}()
	var args map[string]string
	_ = json.Unmarshal(req.GetArgsJson(), &args)
	text := func(format string, a ...any) (*elementv1.CallResponse, error) {
		return &elementv1.CallResponse{ResultJson: quote(fmt.Sprintf(format, a...))}, nil
	}
	switch req.GetFunction() {
	case "echo":
		return &elementv1.CallResponse{ResultJson: req.GetArgsJson()}, nil
	case "traceparent":
		md, _ := metadata.FromIncomingContext(ctx)
		return text("%s %d", strings.Join(md.Get("traceparent"), ","), len(md.Get("not-ours")))
	case "pid":
		return text("%d", os.Getpid())
	case "version":
		return text("%s", s.flags["version"])
	case "executable":
		path, _ := os.Executable()
		return text("%s", path)
	case "env":
		return text("%s", strings.Join(os.Environ(), "\n"))
	case "stdin":
		n, err := os.Stdin.Read(make([]byte, 1))
		return text("%d %v", n, err)
	case "config":
		s.mu.Lock()
		defer s.mu.Unlock()
		config, ok := s.instances[id(req.GetInstance())]
		if !ok {
			return nil, status.Error(codes.NotFound, "no such generation")
		}
		return &elementv1.CallResponse{ResultJson: []byte(config)}, nil
	case "log":
		s.mu.Lock()
		defer s.mu.Unlock()
		return text("%s", strings.Join(s.log, "\n"))
	case "error":
		e := errcode.New("SMS_REFUSED", "the vendor refused").With("reason", "number").After(1500 * time.Millisecond)
		return &elementv1.CallResponse{Error: errcode.ToWire(e)}, nil
	case "status":
		return nil, status.Error(codes.DataLoss, "a secret")
	case "panic":
		panic("a secret")
	case "crash":
		go panic("beyond recovery")
		select {}
	case "exit":
		os.Exit(4)
	case "freeze":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		// The signal may take this thread only after the call has returned.
		<-ctx.Done()
		return nil, ctx.Err()
	case "big":
		n, _ := strconv.Atoi(args["bytes"])
		return &elementv1.CallResponse{ResultJson: quote(strings.Repeat("b", n))}, nil
	case "wait":
		touch(args["began"])
		select {
		case <-ctx.Done():
			touch(args["cancelled"])
			return nil, ctx.Err()
		case <-appears(args["until"]):
			touch(args["done"])
			return text("waited")
		}
	case "child":
		// A grandchild in the group; it holds the outputs open and ignores signals.
		cmd := exec.Command("/bin/sh", "-c", "trap '' TERM HUP INT; while :; do sleep 60; done")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return text("%d", cmd.Process.Pid)
	case "print":
		fmt.Println("printed to stdout by os.Stdout")
		fmt.Fprintln(os.Stderr, "printed to stderr by os.Stderr")
		return text("ok")
	case "nest", "nestget", "hostlog", "callid", "linger":
		return s.host(ctx, req.GetFunction(), args)
	}
	return nil, status.Error(codes.Unimplemented, "secret words")
}

func (s *served) host(ctx context.Context, function string, args map[string]string) (*elementv1.CallResponse, error) {
	conn, err := grpc.NewClient("unix://"+os.Getenv(handshake.EnvHostAddr), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	callID := strings.Join(md.Get(handshake.MetaCall), ",")
	token := os.Getenv(handshake.EnvHostToken)
	if t, ok := args["token"]; ok {
		token = t
	}
	if c, ok := args["call"]; ok {
		callID = c
	}
	host := elementv1.NewHostClient(conn)
	if _, ok := s.flags["uncarried"]; !ok {
		host = elementv1.NewHostClient(carrier.NewConn(conn, func(ctx context.Context) context.Context {
			return metadata.AppendToOutgoingContext(ctx, handshake.MetaToken, token)
		}))
	}
	out := func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, handshake.MetaToken, token, handshake.MetaCall, callID)
	}
	answer := func(result []byte, werr *elementv1.Error, err error) (*elementv1.CallResponse, error) {
		if err != nil {
			return &elementv1.CallResponse{ResultJson: quote("status " + status.Code(err).String())}, nil
		}
		return &elementv1.CallResponse{ResultJson: result, Error: werr}, nil
	}
	if function != "linger" {
		defer conn.Close()
	}
	switch function {
	case "callid":
		return &elementv1.CallResponse{ResultJson: quote(callID)}, nil
	case "nest":
		resp, err := host.Call(out(ctx), &elementv1.HostCallRequest{Element: args["element"], Function: args["function"], ArgsJson: []byte(args["args"])})
		return answer(resp.GetResultJson(), resp.GetError(), err)
	case "nestget":
		resp, err := host.Get(out(ctx), &elementv1.HostGetRequest{Element: args["element"], Property: args["property"]})
		return answer(resp.GetValueJson(), resp.GetError(), err)
	case "hostlog":
		_, err := host.Log(out(ctx), &elementv1.LogRequest{Lines: []*elementv1.LogLine{
			{Level: "warn", Message: "from the plugin\nforged", FieldsJson: []byte(`{"n":1,"s":"a\nb","element":"SMS.other","request_id":"r-1","level":"ERROR"}`)},
		}})
		return answer(quote("logged"), nil, err)
	}
	// linger: answers, and asks the host once a file appears, as plugins may have
	// done while the contract had "continues".
	go func() {
		defer conn.Close()
		<-appears(args["until"])
		_, err := host.Call(out(context.Background()), &elementv1.HostCallRequest{Element: args["element"], Function: args["function"]})
		temp := args["result"] + ".tmp"
		_ = os.WriteFile(temp, []byte(status.Code(err).String()), 0o600)
		_ = os.Rename(temp, args["result"])
	}()
	return &elementv1.CallResponse{ResultJson: quote("going on"), Continues: true}, nil
}

func touch(path string) {
	if path != "" {
		_ = os.WriteFile(filepath.Clean(path), nil, 0o600)
	}
}

// appears is closed once a file is there; no path: never.
func appears(path string) <-chan struct{} {
	ch := make(chan struct{})
	if path == "" {
		return ch
	}
	go func() {
		for {
			if _, err := os.Stat(path); err == nil {
				close(ch)
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return ch
}
