package logging

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"time"
)

// maxPending bounds the bytes of the lines that wait to be written.
const maxPending = 1 << 20

// Writer writes lines in the background, so that nobody waits for whoever reads them.
// While that is too slow, stalls or has gone, lines are dropped and counted; when it
// reads again, it gets a line with their number.
type Writer struct {
	out io.Writer
	// recovered returns the line that tells how many were dropped.
	recovered func(dropped int64) []byte

	wake chan struct{}
	done chan struct{} // closed when the last line has been written

	mu      sync.Mutex
	pending []byte
	closed  bool
	dropped int64 // since the start
	told    int64 // of them
}

// NewWriter starts a Writer. recovered formats the line for lines that were dropped.
func NewWriter(out io.Writer, recovered func(dropped int64) []byte) *Writer {
	w := &Writer{out: out, recovered: recovered, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Write takes one line. It never waits and never fails.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.pending)+len(line) > maxPending {
		w.dropped++
		return len(line), nil
	}
	w.pending = append(w.pending, line...)
	w.signal()
	return len(line), nil
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Dropped returns how many lines were dropped since the start.
func (w *Writer) Dropped() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// DroppedLine returns the line for lines that were dropped.
func DroppedLine(asJSON bool, dropped int64) []byte {
	var line bytes.Buffer
	slog.New(NewHandler(&line, asJSON, slog.LevelWarn)).Warn("log lines were dropped: their reader was too slow or had gone", "lines", dropped)
	return line.Bytes()
}

// Close takes no more lines, and waits a bounded time until the others are written.
func (w *Writer) Close(within time.Duration) {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.signal()
	select {
	case <-w.done:
	case <-time.After(within):
	}
}

func (w *Writer) run() {
	defer close(w.done)
	var spare []byte
	for range w.wake {
		lines, closed := w.take(spare[:0])
		w.write(lines)
		if spare = lines; cap(spare) > maxPending/8 {
			spare = nil
		}
		if closed {
			return
		}
	}
}

// take returns the pending lines and leaves an empty buffer in their place.
func (w *Writer) take(empty []byte) (lines []byte, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines, w.pending = w.pending, empty
	return lines, w.closed
}

func (w *Writer) write(lines []byte) {
	n, err := w.out.Write(lines)
	if err != nil {
		w.count(int64(bytes.Count(lines[n:], []byte("\n"))))
		return
	}
	w.mu.Lock()
	missing := w.dropped - w.told
	w.mu.Unlock()
	if missing == 0 {
		return
	}
	if _, err := w.out.Write(w.recovered(missing)); err == nil {
		w.mu.Lock()
		w.told += missing
		w.mu.Unlock()
	}
}

func (w *Writer) count(dropped int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropped += dropped
}
