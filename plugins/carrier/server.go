package carrier

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// Server serves Carrier beside other services, whose unary methods it carries: those
// registered with it, which it registers with the gRPC server too.
type Server struct {
	elementv1.UnimplementedCarrierServer

	plain   grpc.ServiceRegistrar
	options Options
	methods map[string]method
	places  chan struct{}
	streams atomic.Int32
}

// Options of a Server.
type Options struct {
	// Most is how many requests may be served at once; further ones wait unread.
	Most int
	// Kept is how many goroutines stay for the next request, with stacks that have
	// grown already.
	Kept int
	// Unary is called around each carried request, as the gRPC server's interceptor is
	// around others. Its context has the stream's metadata with the request's
	// handshake.MetaCall in place of the stream's.
	Unary grpc.UnaryServerInterceptor
}

type method struct {
	service any
	handler grpc.MethodHandler
}

// NewServer serves Carrier at plain.
func NewServer(plain grpc.ServiceRegistrar, options Options) *Server {
	s := &Server{plain: plain, options: options, methods: make(map[string]method), places: make(chan struct{}, options.Most)}
	elementv1.RegisterCarrierServer(plain, s)
	return s
}

// RegisterService implements grpc.ServiceRegistrar. Like there, it must not be
// called while requests are served.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, service any) {
	s.plain.RegisterService(desc, service)
	for _, m := range desc.Methods {
		s.methods["/"+desc.ServiceName+"/"+m.MethodName] = method{service, m.Handler}
	}
}

// maxStreams is how many streams may be open at once: one for each connection, and
// those whose end has not been noticed.
const maxStreams = 64

// Carry implements Carrier. When the stream has ended it cancels what is being served,
// without waiting for it.
func (s *Server) Carry(stream grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
	defer s.streams.Add(-1)
	if s.streams.Add(1) > maxStreams {
		return status.Error(codes.ResourceExhausted, "too many streams")
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	md, _ := metadata.FromIncomingContext(ctx)
	v := &serving{
		server: s, ctx: ctx, token: md[handshake.MetaToken], out: newWriter(),
		work: make(chan *job), cancels: make(map[uint64]context.CancelFunc),
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer cancel()
		v.out.run(ctx, stream)
	}()
	err := v.read(stream)
	cancel()
	<-written
	return err
}

// call runs a method as the gRPC server would.
func (s *Server) call(ctx context.Context, frame *elementv1.Frame) ([]byte, error) {
	m, ok := s.methods[frame.GetMethod()]
	if !ok {
		return nil, status.Error(codes.Unimplemented, "no such method")
	}
	decode := func(message any) error {
		if err := proto.Unmarshal(frame.GetMessage(), message.(proto.Message)); err != nil {
			return status.Error(codes.Internal, "the request can't be read")
		}
		return nil
	}
	reply, err := m.handler(m.service, ctx, decode, s.options.Unary)
	if err != nil {
		return nil, err
	}
	message, err := proto.Marshal(reply.(proto.Message))
	if err != nil {
		return nil, status.Error(codes.Internal, "the answer can't be written")
	}
	if len(message) > handshake.MaxMessageSize {
		return nil, status.Errorf(codes.ResourceExhausted, "the answer is larger than %d bytes", handshake.MaxMessageSize)
	}
	return message, nil
}
