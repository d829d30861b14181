// Package outputs turns the output of a plugin process into bounded log lines. Whatever a
// plugin writes, it can't block itself, fill the host's memory, flood the log or forge
// its lines. The package knows nothing of processes.
package outputs

import "bytes"

// MaxLine is the length in bytes of the longest line. The rest of a longer one is
// dropped.
const MaxLine = 64 << 10

// Lines is a writer that splits a stream into lines. It is not safe for concurrent use.
type Lines struct {
	emit     func(line []byte)
	partial  []byte
	skipping bool
}

// NewLines returns a writer that calls emit with each line, without its newline. emit
// must not keep the slice.
func NewLines(emit func(line []byte)) *Lines { return &Lines{emit: emit} }

// Write writes all of p and never fails.
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

// take adds a piece to the current line. At MaxLine it emits the line and skips the
// rest.
func (l *Lines) take(piece []byte) {
	if l.skipping || len(piece) == 0 {
		return
	}
	if room := MaxLine - len(l.partial); len(piece) >= room {
		l.partial = append(l.partial, piece[:room]...)
		l.emit(l.partial)
		// Don't keep a large buffer for a stream of mostly short lines.
		l.partial, l.skipping = nil, true
		return
	}
	l.partial = append(l.partial, piece...)
}

// Flush emits the current line. It is called at the end of the stream.
func (l *Lines) Flush() {
	if !l.skipping && len(l.partial) > 0 {
		l.emit(bytes.TrimSuffix(l.partial, []byte{'\r'}))
	}
	l.partial, l.skipping = l.partial[:0], false
}
