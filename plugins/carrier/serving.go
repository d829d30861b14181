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

// serving is one stream's side of a Server.
type serving struct {
	server *Server
	ctx    context.Context //nolint:containedctx // the stream's, of which each request's is made
	token  []string
	out    *writer
	work   chan *job

	mu      sync.Mutex
	idle    int
	cancels map[uint64]context.CancelFunc
}

// job is a request that is being served.
type job struct {
	frame  *elementv1.Frame
	ctx    context.Context //nolint:containedctx // the request's
	cancel context.CancelFunc
}

// read has requests served until the stream ends.
func (v *serving) read(stream grpc.BidiStreamingServer[elementv1.Frames, elementv1.Frames]) error {
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
			j := v.enter(frame)
			select {
			case v.work <- j:
			default:
				go v.worker(j)
			}
		}
	}
}

// worker serves one request after the other, until as many others wait for one as
// are kept.
func (v *serving) worker(j *job) {
	for {
		v.serve(j)
		<-v.server.places
		if !v.rest(1) {
			return
		}
		select {
		case j = <-v.work:
		case <-v.ctx.Done():
			return
		}
		v.rest(-1)
	}
}

// rest counts a worker that waits, or no longer; false: enough wait.
func (v *serving) rest(n int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.idle+n > v.server.options.Kept {
		return false
	}
	v.idle += n
	return true
}

// serve answers one request, unless it was cancelled meanwhile.
func (v *serving) serve(j *job) {
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

// enter makes a request's context, before the frame that may cancel it is read.
func (v *serving) enter(frame *elementv1.Frame) *job {
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

func (v *serving) cancel(id uint64) {
	v.mu.Lock()
	cancel := v.cancels[id]
	v.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}
