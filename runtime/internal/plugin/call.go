package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/handshake"
	"github.com/lintel-run/lintel/runtime/element"
)

// maxArgs bounds the arguments, so that a message has room for its other fields.
const maxArgs = handshake.MaxMessageSize - 64<<10

// Call runs a function of one generation of an instance. With runsToEnd the work goes
// on if the caller's context ends first. Errors of the plugin are returned whole. An
// ELEMENT_UNAVAILABLE tells whether anything was executed.
func (p *Process) Call(ctx context.Context, name string, gen uint64, function string, args json.RawMessage, call element.Call, runsToEnd bool) (json.RawMessage, error) {
	begin := time.Now()
	out, err := p.call(ctx, key{name, gen}, function, args, call, runsToEnd)
	code := ""
	if err != nil {
		code = string(codeOf(err))
	}
	p.host.cfg.Observer.Called(p.typ, function, code, time.Since(begin))
	return out, err
}

func (p *Process) call(ctx context.Context, k key, function string, args json.RawMessage, call element.Call, runsToEnd bool) (json.RawMessage, error) {
	if len(args) > maxArgs {
		return nil, errcode.New(errcode.Params, "the arguments are larger than %d MiB", handshake.MaxMessageSize>>20)
	}
	g, err := p.generation(k)
	if err != nil {
		return nil, err
	}
	req := &elementv1.CallRequest{
		Instance: g.wire,
		Function: function, ArgsJson: args, RequestId: call.RequestID,
	}
	return p.serve(ctx, g, call, runsToEnd, func(ctx context.Context, c *child) (reply, error) {
		resp, err := c.api.Call(ctx, req, peerOf(ctx))
		if err != nil {
			return reply{}, err
		}
		return reply{resp.GetResultJson(), resp.GetError()}, nil
	})
}

// Get reads a property of one generation of an instance.
func (p *Process) Get(ctx context.Context, name string, gen uint64, property string, call element.Call) (json.RawMessage, error) {
	g, err := p.generation(key{name, gen})
	if err != nil {
		return nil, err
	}
	req := &elementv1.GetRequest{
		Instance: g.wire,
		Property: property, RequestId: call.RequestID,
	}
	return p.serve(ctx, g, call, false, func(ctx context.Context, c *child) (reply, error) {
		resp, err := c.api.Get(ctx, req, peerOf(ctx))
		if err != nil {
			return reply{}, err
		}
		return reply{resp.GetValueJson(), resp.GetError()}, nil
	})
}

// reply is the answer of a plugin.
type reply struct {
	result []byte
	err    *elementv1.Error
}

// requestFunc sends one request.
type requestFunc func(ctx context.Context, c *child) (reply, error)

// serve sends a request to the process, for a generation or for none (nil). A request
// that provably never reached the process waits for its successor. How long, and
// after how many crashes it fails, await decides.
func (p *Process) serve(ctx context.Context, g *generation, call element.Call, runsToEnd bool, request requestFunc) (json.RawMessage, error) {
	depth := depthOf(ctx)
	if depth > maxDepth {
		return nil, errcode.New(errcode.Internal, "elements call each other more than %d deep", maxDepth)
	}
	var avoid *child
	for {
		c, r, callCtx, cancel, err := p.admit(ctx, g, call, depth, runsToEnd, avoid)
		if err != nil {
			return nil, err
		}
		var out json.RawMessage
		if runsToEnd {
			out, err = p.runToEnd(ctx, callCtx, cancel, c, r, request)
		} else {
			out, err = c.roundTrip(callCtx, r, request)
			cancel()
		}
		if !neverSent(err) || ctx.Err() != nil {
			return out, err
		}
		avoid = c
	}
}

// admit finds the child, makes sure that it has the generation, and records the call.
func (p *Process) admit(ctx context.Context, g *generation, call element.Call, depth int, runsToEnd bool, avoid *child) (*child, *record, context.Context, context.CancelFunc, error) {
	for {
		c, err := p.await(ctx, avoid)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		if g != nil {
			if err := ensureConfigured(ctx, c, g); err != nil {
				return nil, nil, nil, nil, err
			}
		}
		callCtx, cancel := ctx, context.CancelFunc(func() {})
		if runsToEnd {
			callCtx, cancel = p.detach(ctx)
		}
		if r, ok := c.inflight.begin(callCtx, call, depth); ok {
			return c, r, callCtx, cancel, nil
		}
		cancel()
		avoid = c
	}
}

// detach returns the context of a call that goes on without its caller. It keeps the
// deadline and the values.
func (p *Process) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(p.host.times.RunToEnd)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// generation returns a generation that was configured and not released.
func (p *Process) generation(k key) (*generation, error) {
	p.gensMu.RLock()
	defer p.gensMu.RUnlock()
	if g := p.gens[k]; g != nil {
		return g, nil
	}
	return nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "the element is not configured")
}

// ensureConfigured makes sure that the child has a generation.
func ensureConfigured(ctx context.Context, c *child, g *generation) error {
	if c.has(g) {
		return nil
	}
	if err := c.ensure(ctx, g); err != nil {
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		return unconfigured(err)
	}
	return nil
}

type outcome struct {
	out json.RawMessage
	err error
}

// runToEnd lets the work go on when the caller's context ends. The call stays in
// flight until then, so that stopping the child waits for it.
func (p *Process) runToEnd(ctx, callCtx context.Context, cancel context.CancelFunc, c *child, r *record, request requestFunc) (json.RawMessage, error) {
	done := make(chan outcome, 1)
	go func() {
		defer cancel()
		out, err := c.roundTrip(callCtx, r, request)
		done <- outcome{out, err}
	}()
	select {
	case o := <-done:
		return o.out, o.err
	case <-ctx.Done():
	}
	// An answer that came with the deadline counts.
	select {
	case o := <-done:
		return o.out, o.err
	default:
		return nil, contextError(ctx)
	}
}

// roundTrip sends a request under the call's id and ends the call with its answer.
func (c *child) roundTrip(ctx context.Context, r *record, request requestFunc) (json.RawMessage, error) {
	// The caller's own outgoing metadata is left out.
	wireCtx := metadata.NewOutgoingContext(ctx, metadata.Pairs(handshake.MetaCall, r.id))
	tracked := &trackedContext{Context: wireCtx}
	answer, err := request(tracked, c) //nolint:contextcheck // the context is the call's own, which may outlive its caller
	c.inflight.end(r)
	c.out.Served()
	if err != nil {
		return nil, c.callError(ctx, err, tracked.reached())
	}
	if answer.err != nil {
		return nil, errcode.FromWire(answer.err)
	}
	return answer.result, nil
}

// trackedContext is the context of one request. gRPC sets peer once the request has a
// connection.
type trackedContext struct {
	context.Context
	peer peer.Peer
}

func (t *trackedContext) reached() bool { return t.peer.Addr != nil }

// peerOf returns the call option that sets the peer of a trackedContext.
func peerOf(ctx context.Context) grpc.CallOption {
	return grpc.Peer(&ctx.(*trackedContext).peer)
}

var errNeverSent = errors.New("the request never reached the plugin")

func neverSent(err error) bool { return errors.Is(err, errNeverSent) }
