package carrier

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// serverStream is one stream of a Server.
type serverStream struct {
	server *Server
	ctx    context.Context //nolint:containedctx // the stream's, from which those of requests derive
	token  []string
	out    *writer
	work   chan *job

	mu      sync.Mutex
	idle    int
	cancels map[uint64]context.CancelFunc
}

// job is a request being served.
type job struct {
	frame  *elementv1.Frame
	ctx    context.Context //nolint:containedctx // the request's
	cancel context.CancelFunc
}

// read reads requests and starts to serve them, until the stream ends.
func (v *serverStream) read(stream grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
	for {
		frames, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, frame := range frames.GetFrames() {
			if frame.GetCancel() {
				v.cancel(frame.GetId())
				continue
			}
			select {
			case v.server.places <- struct{}{}:
			case <-v.ctx.Done():
				return v.ctx.Err()
			}
			j := v.begin(frame)
			select {
			case v.work <- j:
			default:
				go v.worker(j)
			}
		}
	}
}

// worker serves requests one after the other, until enough workers are idle.
func (v *serverStream) worker(j *job) {
	for {
		v.serve(j)
		<-v.server.places
		if !v.addIdle(1) {
			return
		}
		select {
		case j = <-v.work:
		case <-v.ctx.Done():
			return
		}
		v.addIdle(-1)
	}
}

// addIdle adds n to the idle workers. It returns false if that would be too many.
func (v *serverStream) addIdle(n int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.idle+n > v.server.options.IdleWorkers {
		return false
	}
	v.idle += n
	return true
}

// serve serves a request and sends the answer, unless it was cancelled meanwhile.
func (v *serverStream) serve(j *job) {
	message, err := v.server.call(j.ctx, j.frame)
	id := j.frame.GetId()
	v.mu.Lock()
	delete(v.cancels, id)
	v.mu.Unlock()
	cancelled := errors.Is(j.ctx.Err(), context.Canceled)
	j.cancel()
	if cancelled {
		return
	}
	answer := &elementv1.Frame{Id: id, Message: message}
	if err != nil {
		answer.Status = writeStatus(err)
	}
	select {
	case v.out.queue <- &entry{frame: answer}:
	case <-v.ctx.Done():
	}
}

// begin makes the context of a request, before a frame that cancels it is read.
func (v *serverStream) begin(frame *elementv1.Frame) *job {
	md := metadata.MD{handshake.MetaToken: v.token}
	if frame.GetCall() != "" {
		md[handshake.MetaCall] = []string{frame.GetCall()}
	}
	j := &job{frame: frame, ctx: metadata.NewIncomingContext(v.ctx, md)}
	if frame.GetTimeoutUs() > 0 {
		j.ctx, j.cancel = context.WithTimeout(j.ctx, time.Duration(frame.GetTimeoutUs())*time.Microsecond)
	} else {
		j.ctx, j.cancel = context.WithCancel(j.ctx)
	}
	v.mu.Lock()
	v.cancels[frame.GetId()] = j.cancel
	v.mu.Unlock()
	return j
}

func (v *serverStream) cancel(id uint64) {
	v.mu.Lock()
	cancel := v.cancels[id]
	v.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}
