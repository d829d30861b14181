package carrier

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// session is one stream from its opening to its end.
type session struct {
	cancel context.CancelFunc
	out    *writer
	gone   chan struct{} // closed when all goroutines of the session have ended
	heard  atomic.Bool   // a frame was received

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan *elementv1.Frame // nil after the end
	done    chan struct{}                    // closed at the end of the stream
	err     error                            // valid after done
}

func newSession(attach func(context.Context) context.Context, conn grpc.ClientConnInterface) *session {
	ctx, cancel := context.WithCancel(attach(context.Background()))
	s := &session{
		cancel: cancel, out: newWriter(), gone: make(chan struct{}),
		waiting: make(map[uint64]chan *elementv1.Frame), done: make(chan struct{}),
	}
	go s.run(ctx, conn)
	return s
}

// run opens the stream, and reads and writes until it ends.
func (s *session) run(ctx context.Context, conn grpc.ClientConnInterface) {
	defer close(s.gone)
	defer s.cancel()
	stream, err := elementv1.NewCarrierClient(conn).Carry(ctx, grpc.MaxCallRecvMsgSize(handshake.MaxMessageSize+Overhead))
	if err != nil {
		s.end(err)
		return
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.end(s.read(stream))
		s.cancel()
	}()
	s.out.run(ctx, stream)
	// The error of reading tells more than that of writing.
	<-read
}

func (s *session) read(stream grpc.BidiStreamingClient[elementv1.Frames, elementv1.Frames]) error {
	for {
		frames, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return status.Error(codes.Unavailable, "the stream was closed")
		}
		if err != nil {
			return err
		}
		s.heard.Store(true)
		s.mu.Lock()
		for _, frame := range frames.GetFrames() {
			if waiter := s.waiting[frame.GetId()]; waiter != nil {
				delete(s.waiting, frame.GetId())
				waiter <- frame
			}
		}
		s.mu.Unlock()
	}
}

// request sends a request and waits for its answer or for the end of ctx or the stream.
// written reports whether the request was written, at least in part.
func (s *session) request(ctx context.Context, frame *elementv1.Frame) (answer *elementv1.Frame, written bool, err error) {
	waiter := make(chan *elementv1.Frame, 1)
	s.mu.Lock()
	if s.waiting == nil {
		s.mu.Unlock()
		return nil, false, s.err
	}
	s.next++
	frame.Id = s.next
	s.waiting[frame.GetId()] = waiter
	s.mu.Unlock()

	entry := &entry{frame: frame}
	select {
	case s.out.queue <- entry:
	case <-s.done:
		return nil, false, s.err
	case <-ctx.Done():
		s.forget(frame.GetId())
		return nil, false, status.FromContextError(ctx.Err()).Err()
	}
	select {
	case answer = <-waiter:
		return answer, true, nil
	case <-s.done:
	case <-ctx.Done():
		s.forget(frame.GetId())
		written = !entry.drop()
		// The other side knows the deadline.
		if written && errors.Is(ctx.Err(), context.Canceled) {
			s.out.cancel(frame.GetId(), s.done)
		}
		return nil, written, status.FromContextError(ctx.Err()).Err()
	}
	// An answer that came with the end counts.
	select {
	case answer = <-waiter:
		return answer, true, nil
	default:
		return nil, !entry.drop(), s.err
	}
}

func (s *session) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}

func (s *session) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.waiting = err, nil
	close(s.done)
}

func (s *session) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// unsupported reports whether the stream ended because the other side doesn't serve
// Carrier. Then none of its requests was executed.
func (s *session) unsupported() bool {
	return s.ended() && !s.heard.Load() && status.Code(s.err) == codes.Unimplemented
}
