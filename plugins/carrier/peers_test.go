package carrier_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

func TestAStreamThatEndsIsFollowedByAnother(t *testing.T) {
	refuse := atomic.Bool{}
	refuse.Store(true)
	w := newWorld(t, func(s *grpc.Server) {
		elementv1.RegisterElementServer(&once{s: s, refuse: &refuse}, &service{call: echoArgs})
	})
	_, err := w.Call(limited(t), &elementv1.CallRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err))
	_, err = w.Call(limited(t), &elementv1.CallRequest{})
	require.NoError(t, err)
	require.Zero(t, w.plain.Load())
}

// once is a registrar whose first stream ends at once.
type once struct {
	elementv1.UnimplementedCarrierServer
	s      *grpc.Server
	inner  *carrier.Server
	refuse *atomic.Bool
}

func (o *once) RegisterService(desc *grpc.ServiceDesc, impl any) {
	// The carrying server registers with nobody: this one stands before it.
	o.inner = carrier.NewServer(nowhere{}, usual)
	o.inner.RegisterService(desc, impl)
	elementv1.RegisterCarrierServer(o.s, o)
}

func (o *once) Carry(stream grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
	if o.refuse.Swap(false) {
		return status.Error(codes.Unavailable, "not now")
	}
	return o.inner.Carry(stream)
}

type nowhere struct{}

func (nowhere) RegisterService(*grpc.ServiceDesc, any) {}

// deaf never reads what it is sent.
type deaf struct {
	elementv1.UnimplementedCarrierServer
	enough chan struct{}
}

func (d deaf) Carry(grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
	<-d.enough
	return nil
}

func TestWhoWaitsForAPeerThatDoesNotReadHasItsDeadline(t *testing.T) {
	d := deaf{enough: make(chan struct{})}
	w := newWorld(t, func(s *grpc.Server) { elementv1.RegisterCarrierServer(s, d) })
	defer close(d.enough)
	var wg sync.WaitGroup
	for range 3000 { // more than windows and queue hold
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
			defer cancel()
			_, err := w.Call(ctx, &elementv1.CallRequest{ArgsJson: make([]byte, 4<<10)})
			if status.Code(err) != codes.DeadlineExceeded {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// late reads nothing until it may.
type late struct {
	elementv1.UnimplementedCarrierServer
	inner *carrier.Server
	may   chan struct{}
}

func (l late) Carry(stream grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
	<-l.may
	return l.inner.Carry(stream)
}

func TestWhatWasGivenUpBeforeItWasWrittenIsNeverExecuted(t *testing.T) {
	l := late{inner: carrier.NewServer(nowhere{}, usual), may: make(chan struct{})}
	var executed sync.Map
	elementv1.RegisterElementServer(l.inner, &service{call: func(_ context.Context, r *elementv1.CallRequest) (*elementv1.CallResponse, error) {
		executed.Store(r.GetFunction(), true)
		return &elementv1.CallResponse{}, nil
	}})
	w := newWorld(t, func(s *grpc.Server) { elementv1.RegisterCarrierServer(s, l) })
	const all = 300 // more than the windows hold, and no more than the queue does
	var unwritten sync.Map
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			var to peer.Peer
			_, err := w.Call(ctx, &elementv1.CallRequest{Function: strconv.Itoa(i), ArgsJson: make([]byte, 4<<10)}, grpc.Peer(&to))
			if status.Code(err) != codes.DeadlineExceeded {
				t.Error(err)
			}
			if to.Addr == nil {
				unwritten.Store(strconv.Itoa(i), true)
			}
		})
	}
	wg.Wait()
	close(l.may)
	// What was queued before this is read before it.
	_, err := w.Call(limited(t), &elementv1.CallRequest{Function: "last"})
	require.NoError(t, err)
	some := false
	unwritten.Range(func(name, _ any) bool {
		some = true
		_, ran := executed.Load(name)
		require.False(t, ran, "%s was told as not written, and ran", name)
		return true
	})
	require.True(t, some)
}

// babbler answers what nobody asked, and what was asked twice.
type babbler struct {
	elementv1.UnimplementedCarrierServer
}

func (babbler) Carry(stream grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
	for {
		in, err := stream.Recv()
		if err != nil {
			return nil //nolint:nilerr // the end
		}
		out := &elementv1.Frames{Frames: []*elementv1.Frame{{Id: 1 << 40}, {}, nil}}
		for _, f := range in.GetFrames() {
			switch {
			case strings.HasSuffix(f.GetMethod(), "/Get"):
				out.Frames = append(out.Frames, &elementv1.Frame{Id: f.GetId(), Status: []byte("\xff no status")})
			case strings.HasSuffix(f.GetMethod(), "/Check"):
				out.Frames = append(out.Frames, &elementv1.Frame{Id: f.GetId(), Message: []byte("\xff no message")})
			default:
				out.Frames = append(out.Frames, &elementv1.Frame{Id: f.GetId()}, &elementv1.Frame{Id: f.GetId()})
			}
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

func TestNonsenseFromThePeerHarmsNobody(t *testing.T) {
	w := newWorld(t, func(s *grpc.Server) { elementv1.RegisterCarrierServer(s, babbler{}) })
	for range 3 {
		_, err := w.Call(limited(t), &elementv1.CallRequest{})
		require.NoError(t, err)
		_, err = w.Get(limited(t), &elementv1.GetRequest{})
		require.Equal(t, codes.Internal, status.Code(err))
		_, err = w.Check(limited(t), &elementv1.CheckRequest{})
		require.Equal(t, codes.Internal, status.Code(err))
	}
}
