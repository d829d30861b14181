package sdktest

import (
	"context"
	"encoding/json"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// Host takes the place of the host. The zero Host refuses everything; set what the
// Type under test may ask for. It is a connection for sdk.NewServer.
type Host struct {
	// OnCall answers calls of other elements, with a value that has a JSON form or an
	// *errcode.Error.
	OnCall func(ctx context.Context, element, function string, args map[string]any) (any, error)
	// OnGet answers reads of other elements' properties.
	OnGet func(ctx context.Context, element, property string) (any, error)
	// Login is the Login service, for login Types. Its errors are *errcode.Error.
	Login elementv1.LoginServer
}

// Invoke passes a request to its service in this process. The request's metadata is
// incoming metadata there.
func (h *Host) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	if md, ok := metadata.FromOutgoingContext(ctx); ok {
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	services := []struct {
		desc *grpc.ServiceDesc
		impl any
	}{{&elementv1.Host_ServiceDesc, &hostService{host: h}}}
	if h.Login != nil {
		services = append(services, struct {
			desc *grpc.ServiceDesc
			impl any
		}{&elementv1.Login_ServiceDesc, h.Login})
	}
	for _, s := range services {
		for _, m := range s.desc.Methods {
			if method != "/"+s.desc.ServiceName+"/"+m.MethodName {
				continue
			}
			out, err := m.Handler(s.impl, ctx, func(in any) error {
				proto.Merge(in.(proto.Message), args.(proto.Message))
				return nil
			}, nil)
			if err != nil {
				return errcode.ToStatus(err)
			}
			proto.Merge(reply.(proto.Message), out.(proto.Message))
			return nil
		}
	}
	return errcode.ToStatus(errcode.New(errcode.Forbidden, "%s is not offered here", method))
}

// NewStream fails: the contract has no streams.
func (h *Host) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("the host has no streams")
}

type hostService struct {
	elementv1.UnimplementedHostServer
	host *Host
}

func (s *hostService) Call(ctx context.Context, in *elementv1.HostCallRequest) (*elementv1.HostCallResponse, error) {
	if s.host.OnCall == nil {
		return nil, errcode.New(errcode.Forbidden, "calls are not offered here")
	}
	var args map[string]any
	if err := json.Unmarshal(in.GetArgsJson(), &args); err != nil {
		return nil, errcode.New(errcode.Params, "the arguments are not a JSON object")
	}
	out, err := s.host.OnCall(ctx, in.GetElement(), in.GetFunction(), args)
	if err != nil {
		return &elementv1.HostCallResponse{Error: errcode.ToWire(err)}, nil
	}
	raw, err := json.Marshal(out)
	return &elementv1.HostCallResponse{ResultJson: raw}, err
}

func (s *hostService) Get(ctx context.Context, in *elementv1.HostGetRequest) (*elementv1.HostGetResponse, error) {
	if s.host.OnGet == nil {
		return nil, errcode.New(errcode.Forbidden, "properties are not offered here")
	}
	out, err := s.host.OnGet(ctx, in.GetElement(), in.GetProperty())
	if err != nil {
		return &elementv1.HostGetResponse{Error: errcode.ToWire(err)}, nil
	}
	raw, err := json.Marshal(out)
	return &elementv1.HostGetResponse{ValueJson: raw}, err
}

func (s *hostService) Log(context.Context, *elementv1.LogRequest) (*elementv1.LogResponse, error) {
	return &elementv1.LogResponse{}, nil
}
