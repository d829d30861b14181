package carrier

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// Conn is a connection that sends unary requests over one stream of another connection.
// It opens the stream with the first request, and again after it has ended. It sends
// large messages, and all if the other side doesn't serve Carrier, as requests of their
// own. Of the outgoing metadata it carries only handshake.MetaCall. Of the call options
// it supports only grpc.Peer, which is set once the request was written.
type Conn struct {
	plain grpc.ClientConnInterface
	// attach adds metadata to the context of the stream.
	attach func(context.Context) context.Context

	mu          sync.Mutex
	current     *session
	closed      bool
	unsupported bool // the other side doesn't serve Carrier
}

// NewConn returns a Conn that sends requests over plain. attach, which may be nil, adds
// metadata to the context of the stream.
func NewConn(plain grpc.ClientConnInterface, attach func(context.Context) context.Context) *Conn {
	if attach == nil {
		attach = func(ctx context.Context) context.Context { return ctx }
	}
	return &Conn{plain: plain, attach: attach}
}

// Close ends the stream and waits for its end. Requests without an answer fail with
// Unavailable. Later ones are sent by themselves.
func (c *Conn) Close() {
	c.mu.Lock()
	s := c.current
	c.closed, c.current = true, nil
	c.mu.Unlock()
	if s != nil {
		s.cancel()
		<-s.gone
	}
}

// Invoke implements grpc.ClientConnInterface.
func (c *Conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	s := c.session() //nolint:contextcheck // the stream outlives each of its requests
	if s == nil {
		return c.plain.Invoke(ctx, method, args, reply, opts...)
	}
	message, err := proto.Marshal(args.(proto.Message))
	if err != nil {
		return status.Error(codes.Internal, "the request can't be written")
	}
	if len(message) > maxCarried {
		return c.plain.Invoke(ctx, method, args, reply, opts...)
	}
	frame := &elementv1.Frame{Method: method, Message: message}
	if deadline, ok := ctx.Deadline(); ok {
		frame.TimeoutUs = max(time.Until(deadline).Microseconds(), 1)
	}
	if md, ok := metadata.FromOutgoingContext(ctx); ok {
		if values := md[handshake.MetaCall]; len(values) > 0 {
			frame.Call = values[0]
		}
	}
	answer, written, err := s.request(ctx, frame)
	if written {
		for _, option := range opts {
			if p, ok := option.(grpc.PeerCallOption); ok {
				p.PeerAddr.Addr = address{}
			}
		}
	}
	if err != nil {
		if status.Code(err) == codes.Unimplemented && s.unsupported() {
			c.markUnsupported()
			return c.plain.Invoke(ctx, method, args, reply, opts...)
		}
		return err
	}
	if err := answerError(answer); err != nil {
		return err
	}
	if err := proto.Unmarshal(answer.GetMessage(), reply.(proto.Message)); err != nil {
		return status.Error(codes.Internal, "the answer can't be read")
	}
	return nil
}

// NewStream implements grpc.ClientConnInterface. Streams are not carried.
func (c *Conn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.plain.NewStream(ctx, desc, method, opts...)
}

// session returns the stream, nil if requests are to be sent by themselves.
func (c *Conn) session() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.unsupported {
		return nil
	}
	if c.current == nil || c.current.ended() {
		c.current = newSession(c.attach, c.plain)
	}
	return c.current
}

func (c *Conn) markUnsupported() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsupported = true
}

// answerError returns the error of an answer, nil if it has none.
func answerError(answer *elementv1.Frame) error {
	if len(answer.GetStatus()) == 0 {
		return nil
	}
	return readStatus(answer.GetStatus())
}

// address is the address of the other side in grpc.Peer.
type address struct{}

func (address) Network() string { return "carrier" }
func (address) String() string  { return "carrier" }
