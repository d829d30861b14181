package sdk

import (
	"context"
	"encoding/json"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// Host is what the host offers to a call. What a Type may ask for depends on its
// Meta; anything else is FORBIDDEN. The context given to each method must be the
// call's or derived from it: from it the host knows the instance and the caller.
type Host struct{ conn grpc.ClientConnInterface }

// Call calls a function of another element, which the instance's configuration must
// name. args is marshaled to a JSON object; the result is unmarshaled into out, which
// may be nil. Errors are *errcode.Error, as the other element returned them.
func (h *Host) Call(ctx context.Context, element, function string, args, out any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return errcode.Wrap(err, errcode.Internal, "the arguments of %s.%s have no JSON form", element, function)
	}
	if args == nil {
		raw = []byte("{}")
	}
	answer, err := elementv1.NewHostClient(h.conn).Call(ctx, &elementv1.HostCallRequest{
		Element: element, Function: function, ArgsJson: raw,
	})
	if err != nil {
		return err
	}
	if answer.GetError() != nil {
		return errcode.FromWire(answer.GetError())
	}
	return readResult(answer.GetResultJson(), out)
}

// Get reads a property of another element, which the instance's configuration must
// name. The property "config" is an element's configuration with its secrets masked.
func (h *Host) Get(ctx context.Context, element, property string, out any) error {
	answer, err := elementv1.NewHostClient(h.conn).Get(ctx, &elementv1.HostGetRequest{
		Element: element, Property: property,
	})
	if err != nil {
		return err
	}
	if answer.GetError() != nil {
		return errcode.FromWire(answer.GetError())
	}
	return readResult(answer.GetValueJson(), out)
}

func readResult(raw []byte, out any) error {
	if out == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return errcode.Wrap(err, errcode.Internal, "the result is not what was expected")
	}
	return nil
}

// Login returns the verification service and user directory, for login Types. Its
// errors are *errcode.Error.
func (h *Host) Login() elementv1.LoginClient { return elementv1.NewLoginClient(h.conn) }

// hostConn is the process's connection to its host. It adds the token and the call's
// metadata to each request, and converts errors to *errcode.Error.
type hostConn struct {
	token string
	dial  func() (grpc.ClientConnInterface, error)
}

// dialHost returns a Host whose connection is made on first use.
func dialHost(address, token string) *Host {
	return &Host{conn: &hostConn{token: token, dial: sync.OnceValues(func() (grpc.ClientConnInterface, error) {
		conn, err := grpc.NewClient("unix:"+address,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			// The socket may be gone when an idle connection is needed again.
			grpc.WithIdleTimeout(0),
			grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
			grpc.WithDefaultCallOptions(
				grpc.MaxCallRecvMsgSize(handshake.MaxMessageSize),
				grpc.MaxCallSendMsgSize(handshake.MaxMessageSize)))
		if err != nil {
			return nil, err
		}
		return carrier.NewConn(conn, func(ctx context.Context) context.Context {
			return metadata.AppendToOutgoingContext(ctx, handshake.MetaToken, token)
		}), nil
	})}}
}

func (c *hostConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	conn, err := c.dial()
	if err != nil {
		return errcode.Wrap(err, errcode.Internal, "the host can't be reached")
	}
	pairs := []string{handshake.MetaToken, c.token}
	if call := callOf(ctx); call != nil {
		for key, values := range call.metadata {
			for _, v := range values {
				pairs = append(pairs, key, v)
			}
		}
	}
	ctx = metadata.AppendToOutgoingContext(ctx, pairs...)
	return errcode.FromStatus(conn.Invoke(ctx, method, args, reply, opts...))
}

func (c *hostConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errcode.New(errcode.Internal, "the host offers no streams")
}

// noHost takes the place of the host on the command line and outside a call.
type noHost struct{}

func (noHost) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return errcode.Unavailable(errcode.OutcomeNotExecuted, "there is no host here")
}

func (noHost) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "there is no host here")
}
