// Package outputs takes what a plugin process prints, whatever it prints, and
// makes bounded log lines of it. Nothing a plugin writes can block it for good,
// fill the host's memory, flood its log or forge its lines.
package outputs

import "bytes"

// MaxLine is the longest line kept whole, in bytes. The rest of a longer one is
// thrown away up to its newline.
const MaxLine = 64 << 10

// Lines is a writer that cuts a stream into lines. It is not safe for several
// goroutines; each stream has its own.
type Lines struct {
	emit     func(line []byte)
	partial  []byte
	skipping bool
}

// NewLines gives a writer that calls emit with each line, without its newline;
// emit must not keep the slice.
func NewLines(emit func(line []byte)) *Lines { return &Lines{emit: emit} }

// Write takes all of p and never fails.
func (l *Lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		piece := p
		if end >= 0 {
			piece = p[:end]
		}
		l.take(piece)
		if end < 0 {
			break
		}
		l.Flush()
		p = p[end+1:]
	}
	return n, nil
}

// take adds a piece of the current line; at MaxLine the line is given out and the
// rest of it skipped.
func (l *Lines) take(piece []byte) {
	if l.skipping || len(piece) == 0 {
		return
	}
	if room := MaxLine - len(l.partial); len(piece) >= room {
		l.partial = append(l.partial, piece[:room]...)
		l.emit(l.partial)
		// A buffer that grew large is not kept for a stream that is mostly small.
		l.partial, l.skipping = nil, true
		return
	}
	l.partial = append(l.partial, piece...)
}

// Flush gives out the line begun, at a newline and at the stream's end.
func (l *Lines) Flush() {
	if !l.skipping && len(l.partial) > 0 {
		l.emit(bytes.TrimSuffix(l.partial, []byte{'\r'}))
	}
	l.partial, l.skipping = l.partial[:0], false
}
