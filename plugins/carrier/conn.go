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

// Conn is a connection whose unary requests go over one stream of another
// connection, which is opened with the first request and again after it has ended.
// Where the other side doesn't serve Carrier, and for large messages, each request
// goes by itself. Of the outgoing metadata only handshake.MetaCall is carried, and of
// the call options only grpc.Peer is heeded: it is filled in when the request was
// written.
type Conn struct {
	plain grpc.ClientConnInterface
	// attach gives the context of the stream what the other side wants to see once.
	attach func(context.Context) context.Context

	mu      sync.Mutex
	current *session
	closed  bool
	alone   bool // the other side doesn't serve Carrier
}

// NewConn carries requests over plain. attach, where it isn't nil, adds to the
// metadata with which the stream is opened.
func NewConn(plain grpc.ClientConnInterface, attach func(context.Context) context.Context) *Conn {
	if attach == nil {
		attach = func(ctx context.Context) context.Context { return ctx }
	}
	return &Conn{plain: plain, attach: attach}
}

// Close ends the stream and waits for that. Requests without an answer fail with
// Unavailable, and later ones go by themselves.
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
	if len(message) > bulk {
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
	answer, written, err := s.ask(ctx, frame)
	if written {
		for _, option := range opts {
			if p, ok := option.(grpc.PeerCallOption); ok {
				p.PeerAddr.Addr = address{}
			}
		}
	}
	if err != nil {
		if status.Code(err) == codes.Unimplemented && s.unserved() {
			c.giveUp()
			return c.plain.Invoke(ctx, method, args, reply, opts...)
		}
		return err
	}
	if err := answered(answer); err != nil {
		return err
	}
	if err := proto.Unmarshal(answer.GetMessage(), reply.(proto.Message)); err != nil {
		return status.Error(codes.Internal, "the answer can't be read")
	}
	return nil
}

// NewStream implements grpc.ClientConnInterface; streams are not carried.
func (c *Conn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.plain.NewStream(ctx, desc, method, opts...)
}

// session gives the stream, nil where requests go by themselves.
func (c *Conn) session() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.alone {
		return nil
	}
	if c.current == nil || c.current.ended() {
		c.current = newSession(c.attach, c.plain)
	}
	return c.current
}

func (c *Conn) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alone = true
}

// answered gives the error of an answer that is one.
func answered(answer *elementv1.Frame) error {
	if len(answer.GetStatus()) == 0 {
		return nil
	}
	return readStatus(answer.GetStatus())
}

// address stands for the other end in grpc.Peer.
type address struct{}

func (address) Network() string { return "carrier" }
func (address) String() string  { return "carrier" }
