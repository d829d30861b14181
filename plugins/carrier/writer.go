package carrier

import (
	"context"
	"sync/atomic"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// entry is a frame that waits to be written.
type entry struct {
	frame   *elementv1.Frame
	written atomic.Bool // set before it is
}

// writer writes what is queued, all that waits at once.
type writer struct{ queue chan *entry }

func newWriter() *writer { return &writer{queue: make(chan *entry, queued)} }

// sender is the writing half of a stream.
type sender interface {
	Send(frames *elementv1.Frames) error
}

// run writes until a write fails or ctx ends.
func (w *writer) run(ctx context.Context, stream sender) {
	var out elementv1.Frames
	for {
		select {
		case e := <-w.queue:
			out.Frames = out.Frames[:0]
			size := 0
			for e != nil {
				e.written.Store(true)
				out.Frames = append(out.Frames, e.frame)
				size += header + len(e.frame.GetMessage()) + len(e.frame.GetStatus())
				e = w.more(size)
			}
		case <-ctx.Done():
			return
		}
		if stream.Send(&out) != nil {
			return
		}
		clear(out.Frames)
	}
}

// more gives a frame to be written beside those of size bytes, if there is one.
func (w *writer) more(size int) *entry {
	if size > batch {
		return nil
	}
	select {
	case e := <-w.queue:
		return e
	default:
		return nil
	}
}

// cancel tells the other side that a request isn't waited for, without waiting.
func (w *writer) cancel(id uint64, done <-chan struct{}) {
	e := &entry{frame: &elementv1.Frame{Id: id, Cancel: true}}
	select {
	case w.queue <- e:
	default:
		go func() {
			select {
			case w.queue <- e:
			case <-done:
			}
		}()
	}
}
