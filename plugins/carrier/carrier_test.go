package carrier_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is an Element service whose Call is a function.
type service struct {
	elementv1.UnimplementedElementServer
	call func(context.Context, *elementv1.CallRequest) (*elementv1.CallResponse, error)
}

func (s *service) Call(ctx context.Context, r *elementv1.CallRequest) (*elementv1.CallResponse, error) {
	return s.call(ctx, r)
}

func echoArgs(_ context.Context, r *elementv1.CallRequest) (*elementv1.CallResponse, error) {
	return &elementv1.CallResponse{ResultJson: r.GetArgsJson()}, nil
}

// world is a server on a unix socket and a carried connection to it.
type world struct {
	server *grpc.Server
	conn   *grpc.ClientConn
	plain  atomic.Int32 // requests that came by themselves
	*carrier.Conn
	elementv1.ElementClient
}

func newWorld(t testing.TB, register func(*grpc.Server)) *world {
	t.Helper()
	w := &world{}
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	w.server = grpc.NewServer(grpc.MaxRecvMsgSize(handshake.MaxMessageSize+carrier.Overhead), grpc.MaxSendMsgSize(handshake.MaxMessageSize+carrier.Overhead), grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		w.plain.Add(1)
		return handler(ctx, req)
	}))
	register(w.server)
	go func() { _ = w.server.Serve(listener) }()
	t.Cleanup(w.server.Stop)
	w.conn, err = grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(handshake.MaxMessageSize), grpc.MaxCallSendMsgSize(handshake.MaxMessageSize)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.conn.Close() })
	w.Conn = carrier.NewConn(w.conn, func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, handshake.MetaToken, "the token")
	})
	t.Cleanup(w.Close)
	w.ElementClient = elementv1.NewElementClient(w.Conn)
	return w
}

func serving(options carrier.Options, call func(context.Context, *elementv1.CallRequest) (*elementv1.CallResponse, error)) func(*grpc.Server) {
	return func(s *grpc.Server) {
		elementv1.RegisterElementServer(carrier.NewServer(s, options), &service{call: call})
	}
}

var usual = carrier.Options{MaxRequests: 64, IdleWorkers: 2}

func limited(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestEachOfManyGetsItsOwnAnswer(t *testing.T) {
	w := newWorld(t, serving(usual, echoArgs))
	var wg sync.WaitGroup
	for caller := range 64 {
		wg.Go(func() {
			for n := range 50 {
				want := strconv.Itoa(caller*1000+n) + strings.Repeat(" ", n*100)
				answer, err := w.Call(limited(t), &elementv1.CallRequest{ArgsJson: []byte(want)})
				if err != nil || string(answer.GetResultJson()) != want {
					t.Errorf("%q %v", answer.GetResultJson(), err)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, w.plain.Load())
}

func TestARequestBringsItsCallTheTokenAndItsDeadline(t *testing.T) {
	var seen metadata.MD
	var left time.Duration
	w := newWorld(t, serving(usual, func(ctx context.Context, _ *elementv1.CallRequest) (*elementv1.CallResponse, error) {
		seen, _ = metadata.FromIncomingContext(ctx)
		deadline, ok := ctx.Deadline()
		if ok {
			left = time.Until(deadline)
		}
		return &elementv1.CallResponse{}, nil
	}))
	ctx := metadata.AppendToOutgoingContext(limited(t), handshake.MetaCall, "c-1", "other", "not carried")
	_, err := w.Call(ctx, &elementv1.CallRequest{})
	require.NoError(t, err)
	require.Equal(t, metadata.MD{handshake.MetaToken: {"the token"}, handshake.MetaCall: {"c-1"}}, seen)
	require.Greater(t, left, 10*time.Second)
	require.LessOrEqual(t, left, 20*time.Second)

	_, err = w.Call(context.Background(), &elementv1.CallRequest{})
	require.NoError(t, err)
	require.Equal(t, metadata.MD{handshake.MetaToken: {"the token"}}, seen)
}

func TestErrorsCrossWhole(t *testing.T) {
	want := errcode.New("SMS_REFUSED", "the vendor refused").With("reason", "number").After(1500 * time.Millisecond)
	w := newWorld(t, serving(usual, func(_ context.Context, r *elementv1.CallRequest) (*elementv1.CallResponse, error) {
		if r.GetFunction() == "plain" {
			return nil, errors.New("no status")
		}
		return nil, errcode.ToStatus(want)
	}))
	_, err := w.Call(limited(t), &elementv1.CallRequest{})
	got, ok := errcode.As(errcode.FromStatus(err))
	require.True(t, ok)
	require.Equal(t, want.Code, got.Code)
	require.Equal(t, want.RetryAfter, got.RetryAfter)
	require.Equal(t, "number", got.Details["reason"])

	_, err = w.Call(limited(t), &elementv1.CallRequest{Function: "plain"})
	require.Equal(t, codes.Unknown, status.Code(err))
	_, err = w.Get(limited(t), &elementv1.GetRequest{})
	require.Equal(t, codes.Unimplemented, status.Code(err), "a method that isn't there")
	require.Zero(t, w.plain.Load(), "an answer of UNIMPLEMENTED is no reason to go alone")
}

func TestTheInterceptorStandsBeforeEachRequest(t *testing.T) {
	options := usual
	options.Unary = func(_ context.Context, _ any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
		return nil, status.Error(codes.PermissionDenied, info.FullMethod)
	}
	w := newWorld(t, serving(options, echoArgs))
	_, err := w.Call(limited(t), &elementv1.CallRequest{})
	require.Equal(t, status.Error(codes.PermissionDenied, elementv1.Element_Call_FullMethodName).Error(), err.Error())
}

func TestCancellationAndDeadlineReachTheService(t *testing.T) {
	entered, left := make(chan struct{}, 1), make(chan error, 1)
	w := newWorld(t, serving(usual, func(ctx context.Context, _ *elementv1.CallRequest) (*elementv1.CallResponse, error) {
		entered <- struct{}{}
		<-ctx.Done()
		left <- ctx.Err()
		return nil, ctx.Err()
	}))
	ctx, cancel := context.WithCancel(limited(t))
	go func() { <-entered; cancel() }()
	_, err := w.Call(ctx, &elementv1.CallRequest{})
	require.Equal(t, codes.Canceled, status.Code(err))
	require.ErrorIs(t, <-left, context.Canceled)

	ctx, cancel = context.WithTimeout(limited(t), 2*time.Second)
	defer cancel()
	var to peer.Peer
	_, err = w.Call(ctx, &elementv1.CallRequest{}, grpc.Peer(&to))
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
	require.ErrorIs(t, <-left, context.DeadlineExceeded)
	require.NotNil(t, to.Addr, "it was written")
}

func TestWhereCarrierIsNotServedRequestsGoByThemselves(t *testing.T) {
	w := newWorld(t, func(s *grpc.Server) { elementv1.RegisterElementServer(s, &service{call: echoArgs}) })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			answer, err := w.Call(limited(t), &elementv1.CallRequest{ArgsJson: []byte("1")})
			if err != nil || string(answer.GetResultJson()) != "1" {
				t.Errorf("%q %v", answer.GetResultJson(), err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int32(20), w.plain.Load())
}

func TestLargeMessages(t *testing.T) {
	w := newWorld(t, serving(usual, func(ctx context.Context, r *elementv1.CallRequest) (*elementv1.CallResponse, error) {
		if n, err := strconv.Atoi(r.GetFunction()); err == nil {
			return &elementv1.CallResponse{ResultJson: make([]byte, n)}, nil
		}
		return echoArgs(ctx, r)
	}))
	big := make([]byte, 1<<20)
	answer, err := w.Call(limited(t), &elementv1.CallRequest{ArgsJson: big})
	require.NoError(t, err)
	require.Len(t, answer.GetResultJson(), len(big))
	require.Equal(t, int32(1), w.plain.Load(), "others would wait behind it")

	// The field takes five bytes of the message.
	most := handshake.MaxMessageSize - 5
	answer, err = w.Call(limited(t), &elementv1.CallRequest{Function: strconv.Itoa(most)})
	require.NoError(t, err)
	require.Len(t, answer.GetResultJson(), most)
	var wg sync.WaitGroup
	for i := range 40 { // a small one before the largest, at once
		wg.Go(func() {
			n := 60 << 10
			if i == 20 {
				n = most
			}
			answer, err := w.Call(limited(t), &elementv1.CallRequest{Function: strconv.Itoa(n)})
			if err != nil || len(answer.GetResultJson()) != n {
				t.Error(n, err)
			}
		})
	}
	wg.Wait()
	_, err = w.Call(limited(t), &elementv1.CallRequest{Function: strconv.Itoa(most + 1)})
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	_, err = w.Call(limited(t), &elementv1.CallRequest{Function: "1"})
	require.NoError(t, err, "the stream goes on")
	require.Equal(t, int32(1), w.plain.Load())
}

func TestNoMoreAtOnceThanAdmitted(t *testing.T) {
	const most, all = 3, 40
	var now, seen atomic.Int32
	gate := make(chan struct{})
	w := newWorld(t, serving(carrier.Options{MaxRequests: most, IdleWorkers: 1}, func(context.Context, *elementv1.CallRequest) (*elementv1.CallResponse, error) {
		if n := now.Add(1); n > most {
			seen.Store(n)
		}
		<-gate
		now.Add(-1)
		return &elementv1.CallResponse{}, nil
	}))
	var wg sync.WaitGroup
	for range all {
		wg.Go(func() {
			if _, err := w.Call(limited(t), &elementv1.CallRequest{}); err != nil {
				t.Error(err)
			}
		})
	}
	for left := int32(all); left > 0; left-- {
		require.Eventually(t, func() bool { return now.Load() >= min(most, left) }, 10*time.Second, time.Millisecond)
		gate <- struct{}{}
	}
	wg.Wait()
	require.Zero(t, seen.Load())
}

func TestTheEndOfTheConnectionEndsWhatWaits(t *testing.T) {
	entered := make(chan struct{})
	w := newWorld(t, serving(usual, func(ctx context.Context, _ *elementv1.CallRequest) (*elementv1.CallResponse, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	go func() { <-entered; w.server.Stop() }()
	var to peer.Peer
	_, err := w.Call(limited(t), &elementv1.CallRequest{}, grpc.Peer(&to))
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.NotNil(t, to.Addr, "it may have been executed")

	to = peer.Peer{}
	_, err = w.Call(limited(t), &elementv1.CallRequest{}, grpc.Peer(&to))
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Nil(t, to.Addr, "there was nobody to write it to")
}

func TestFramesThatAreNoRequests(t *testing.T) {
	w := newWorld(t, serving(usual, echoArgs))
	stream, err := elementv1.NewCarrierClient(w.conn).Carry(limited(t))
	require.NoError(t, err)
	require.NoError(t, stream.Send(&elementv1.Frames{Frames: []*elementv1.Frame{
		{Id: 7, Cancel: true},
		{Id: 1},
		{Id: 1, Method: "/no.such/Method"},
		{Id: 1, Method: elementv1.Element_Call_FullMethodName, Message: []byte("\xff"), TimeoutUs: -5},
		{Id: 2, Method: elementv1.Element_Call_FullMethodName},
	}}))
	got := map[uint64]int{}
	for got[1] < 3 || got[2] < 1 {
		in, err := stream.Recv()
		require.NoError(t, err)
		for _, f := range in.GetFrames() {
			got[f.GetId()]++
			require.Equal(t, f.GetId() == 1, len(f.GetStatus()) > 0)
		}
	}
}

func TestClosedConnLetsRequestsGoByThemselves(t *testing.T) {
	w := newWorld(t, serving(usual, echoArgs))
	_, err := w.Call(limited(t), &elementv1.CallRequest{})
	require.NoError(t, err)
	w.Close()
	w.Close()
	_, err = w.Call(limited(t), &elementv1.CallRequest{})
	require.NoError(t, err)
	require.Equal(t, int32(1), w.plain.Load())
}
