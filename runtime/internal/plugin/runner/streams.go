package runner

import (
	"bufio"
	"bytes"
	"io"
	"sync"
)

// maxFirstLine bounds the line of the handshake, which may hold a certificate.
const maxFirstLine = 16 << 10

// readStdout passes the first line to go-plugin and the rest to the log, so that writers
// are never blocked.
func (r *Runner) readStdout() {
	defer r.readers.Done()
	in := bufio.NewReaderSize(r.stdout, maxFirstLine)
	line, _ := in.ReadSlice('\n')
	r.first.set(handshakeLine(line, r.cfg.TCP))
	rest := r.cfg.Output.Stream("stdout")
	if len(line) == 0 || line[len(line)-1] != '\n' {
		_, _ = rest.Write(line)
	}
	_, _ = io.Copy(rest, in)
	rest.Flush()
}

// handshakeLine removes the server's certificate if TLS is off, since go-plugin v1.8.0
// would dereference a missing TLS configuration.
func handshakeLine(line []byte, tls bool) []byte {
	const fields = 5 // core version, app version, network, address, protocol
	if parts := bytes.Split(bytes.TrimRight(line, "\r\n"), []byte("|")); !tls && len(parts) > fields {
		return append(bytes.Join(parts[:fields], []byte("|")), '\n')
	}
	return line
}

func (r *Runner) readStderr() {
	defer r.readers.Done()
	lines := r.cfg.Output.Stream("stderr")
	_, _ = io.Copy(lines, r.stderr)
	lines.Flush()
}

// Stdout returns a reader of the first line.
func (r *Runner) Stdout() io.ReadCloser { return r.first }

// Stderr returns an empty reader. The runner reads the output itself, and go-plugin's
// parser, which can be made to panic, never sees it.
func (r *Runner) Stderr() io.ReadCloser { return io.NopCloser(bytes.NewReader(nil)) }

// firstLine is a reader that waits until its content is set or it is closed.
type firstLine struct {
	ready chan struct{}
	once  sync.Once
	bytes.Reader
}

func newFirstLine() *firstLine { return &firstLine{ready: make(chan struct{})} }

func (f *firstLine) set(line []byte) {
	f.once.Do(func() {
		f.Reset(append([]byte(nil), line...))
		close(f.ready)
	})
}

func (f *firstLine) Read(p []byte) (int, error) {
	<-f.ready
	return f.Reader.Read(p)
}

func (f *firstLine) Close() error {
	f.set(nil)
	return nil
}
