package carrier

import (
	"context"
	"sync/atomic"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// entry is a frame that waits to be written.
type entry struct {
	frame *elementv1.Frame
	// fate is settled once, by the writer before it writes the frame or by who asks
	// and goes: what is told as not written never is.
	fate atomic.Int32
}

const (
	entryWaits = iota
	entryWritten
	entryDropped
)

func (e *entry) write() bool { return e.fate.CompareAndSwap(entryWaits, entryWritten) }

// drop says whether the frame is not going to be written.
func (e *entry) drop() bool { return e.fate.CompareAndSwap(entryWaits, entryDropped) }

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
				if e.write() {
					out.Frames = append(out.Frames, e.frame)
					size += header + len(e.frame.GetMessage()) + len(e.frame.GetStatus())
				}
				e = w.more(size)
			}
		case <-ctx.Done():
			return
		}
		if len(out.Frames) == 0 {
			continue
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
