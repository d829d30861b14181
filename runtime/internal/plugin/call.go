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

// maxArgs leaves room in a message for what stands beside the arguments.
const maxArgs = handshake.MaxMessageSize - 64<<10

// Call runs one function on one generation of an instance. With runsToEnd the
// caller's going ends its wait, not the work. Errors that the plugin gives come
// whole; ELEMENT_UNAVAILABLE says whether anything was executed.
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

// Get reads one property of one generation of an instance.
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

// reply is what a plugin answers.
type reply struct {
	result []byte
	err    *elementv1.Error
}

// send is one request on the wire.
type send func(ctx context.Context, c *child) (reply, error)

// serve carries one request, for a generation or for none (nil), to the process. One that provably never reached it
// waits for the process that comes after, as one that found none would: how long, and after how many crashes no more,
// is await's to say.
func (p *Process) serve(ctx context.Context, g *generation, call element.Call, runsToEnd bool, request send) (json.RawMessage, error) {
	depth := depthOf(ctx)
	if depth > maxDepth {
		return nil, errcode.New(errcode.Internal, "elements call each other more than %d deep", maxDepth)
	}
	var avoid *child
	for {
		c, r, own, cancel, err := p.enter(ctx, g, call, depth, runsToEnd, avoid)
		if err != nil {
			return nil, err
		}
		var out json.RawMessage
		if runsToEnd {
			out, err = p.toEnd(ctx, own, cancel, c, r, request)
		} else {
			out, err = c.exchange(own, r, request)
			cancel()
		}
		if !neverSent(err) || ctx.Err() != nil {
			return out, err
		}
		avoid = c
	}
}

// enter finds the child, sees that it has the generation, and records the call.
func (p *Process) enter(ctx context.Context, g *generation, call element.Call, depth int, runsToEnd bool, avoid *child) (*child, *record, context.Context, context.CancelFunc, error) {
	for {
		c, err := p.await(ctx, avoid)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		if g != nil {
			if err := ready(ctx, c, g); err != nil {
				return nil, nil, nil, nil, err
			}
		}
		own, cancel := ctx, context.CancelFunc(func() {})
		if runsToEnd {
			own, cancel = p.detach(ctx)
		}
		if r, ok := c.inflight.open(own, call, depth); ok {
			return c, r, own, cancel, nil
		}
		cancel()
		avoid = c
	}
}

// detach is the context of a call that goes on without its caller: deadline and
// values stay.
func (p *Process) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(p.host.times.RunToEnd)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// generation finds what was configured and not released.
func (p *Process) generation(k key) (*generation, error) {
	p.gensMu.RLock()
	defer p.gensMu.RUnlock()
	if g := p.gens[k]; g != nil {
		return g, nil
	}
	return nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "the element is not configured")
}

// ready sees that the child has a generation.
func ready(ctx context.Context, c *child, g *generation) error {
	if c.has(g) {
		return nil
	}
	if err := c.ensure(ctx, g); err != nil {
		if ctx.Err() != nil {
			return ended(ctx)
		}
		return unconfigured(err)
	}
	return nil
}

type outcome struct {
	out json.RawMessage
	err error
}

// toEnd lets the work go on when the caller goes. The child's inflight holds the
// call until then, so whoever stops the child waits for it.
func (p *Process) toEnd(ctx, own context.Context, cancel context.CancelFunc, c *child, r *record, request send) (json.RawMessage, error) {
	done := make(chan outcome, 1)
	go func() {
		defer cancel()
		out, err := c.exchange(own, r, request)
		done <- outcome{out, err}
	}()
	select {
	case o := <-done:
		return o.out, o.err
	case <-ctx.Done():
	}
	// An answer that came with the deadline is an answer.
	select {
	case o := <-done:
		return o.out, o.err
	default:
		return nil, ended(ctx)
	}
}

// exchange sends a request under the call's id and closes the record with its
// answer.
func (c *child) exchange(ctx context.Context, r *record, request send) (json.RawMessage, error) {
	// Only what is named here crosses: the caller's outgoing metadata is not ours.
	wireCtx := metadata.NewOutgoingContext(ctx, metadata.Pairs(handshake.MetaCall, r.id))
	trace := &sent{Context: wireCtx}
	answer, err := request(trace, c) //nolint:contextcheck // the context is the call's own, which may outlive its caller
	c.inflight.answered(r)
	if err != nil {
		return nil, c.callError(ctx, err, trace.reached())
	}
	if answer.err != nil {
		return nil, errcode.FromWire(answer.err)
	}
	return answer.result, nil
}

// sent is the context of one request, with the place where gRPC tells whether it
// got as far as a connection.
type sent struct {
	context.Context
	peer peer.Peer
}

func (s *sent) reached() bool { return s.peer.Addr != nil }

// peerOf is the call option that fills it in.
func peerOf(ctx context.Context) grpc.CallOption {
	return grpc.Peer(&ctx.(*sent).peer)
}

var errNeverSent = errors.New("the request never reached the plugin")

func neverSent(err error) bool { return errors.Is(err, errNeverSent) }
