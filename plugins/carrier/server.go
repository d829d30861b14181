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

// Server serves Carrier and, through it, the unary methods of the services that are
// registered with it. It registers them with the gRPC server too.
type Server struct {
	elementv1.UnimplementedCarrierServer

	plain   grpc.ServiceRegistrar
	options Options
	methods map[string]method
	places  chan struct{}
	streams atomic.Int32
}

// Options are the options of a Server.
type Options struct {
	// MaxRequests bounds the requests that are served at once. Further ones wait unread.
	MaxRequests int
	// IdleWorkers is how many goroutines are kept for further requests, since their
	// stacks have grown already.
	IdleWorkers int
	// Unary intercepts each carried request. Its context has the token of the stream and
	// the call id of the request as metadata.
	Unary grpc.UnaryServerInterceptor
}

type method struct {
	service any
	handler grpc.MethodHandler
}

// NewServer returns a Server that is registered with plain.
func NewServer(plain grpc.ServiceRegistrar, options Options) *Server {
	s := &Server{plain: plain, options: options, methods: make(map[string]method), places: make(chan struct{}, options.MaxRequests)}
	elementv1.RegisterCarrierServer(plain, s)
	return s
}

// RegisterService implements grpc.ServiceRegistrar. It must not be called while requests
// are served.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, service any) {
	s.plain.RegisterService(desc, service)
	for _, m := range desc.Methods {
		s.methods["/"+desc.ServiceName+"/"+m.MethodName] = method{service, m.Handler}
	}
}

// maxStreams bounds the open streams: one for each connection, and those that have ended
// unnoticed.
const maxStreams = 64

// Carry implements Carrier. When the stream ends it cancels the requests being served
// and doesn't wait for them.
func (s *Server) Carry(stream grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
	defer s.streams.Add(-1)
	if s.streams.Add(1) > maxStreams {
		return status.Error(codes.ResourceExhausted, "too many streams")
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	md, _ := metadata.FromIncomingContext(ctx)
	v := &serverStream{
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

// call runs a method as a gRPC server does.
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
