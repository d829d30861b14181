package carrier

import (
	"context"
	"sync/atomic"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// entry is a frame that waits to be written.
type entry struct {
	frame *elementv1.Frame
	// fate is decided once: by the writer before it writes the frame, or by a sender
	// that stops waiting. A frame that was dropped is never written.
	fate atomic.Int32
}

const (
	entryWaits = iota
	entryWritten
	entryDropped
)

// write reports whether the frame is to be written.
func (e *entry) write() bool { return e.fate.CompareAndSwap(entryWaits, entryWritten) }

// drop reports whether the frame is never written.
func (e *entry) drop() bool { return e.fate.CompareAndSwap(entryWaits, entryDropped) }

// writer writes queued frames in batches.
type writer struct{ queue chan *entry }

func newWriter() *writer { return &writer{queue: make(chan *entry, maxQueued)} }

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
					size += frameOverhead + len(e.frame.GetMessage()) + len(e.frame.GetStatus())
				}
				e = w.next(size)
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

// next returns another frame for a batch of size bytes, nil if there is none.
func (w *writer) next(size int) *entry {
	if size > batchSize {
		return nil
	}
	select {
	case e := <-w.queue:
		return e
	default:
		return nil
	}
}

// cancel sends the cancellation of a request, without waiting.
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
