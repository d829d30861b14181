package adminsocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// maxPath is the longest path that a sockaddr_un holds on every system, without its
// final zero.
const maxPath = 103

// Find returns the operators' sockets in a data directory that a process listens on.
func Find(dataDir string) []string {
	var found []string
	for _, path := range sockets(dataDir) {
		if alive(path) {
			found = append(found, path)
		}
	}
	return found
}

// Dial connects to an operators' socket.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	short, done, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer done()
	var d net.Dialer
	return d.DialContext(ctx, "unix", short)
}

func alive(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := Dial(ctx, path)
	if err != nil {
		// A busy or forbidden socket is alive. It is dead only if nobody listens.
		return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrPermission)
	}
	_ = conn.Close()
	return true
}

// shorten returns a path for bind and connect, which take about a hundred bytes. On
// Linux a longer path goes through the open descriptor of its directory.
func shorten(path string) (short string, done func(), err error) {
	if len(path) <= maxPath {
		return path, func() {}, nil
	}
	if runtime.GOOS != "linux" {
		return "", nil, fmt.Errorf("its path has %d bytes, more than the %d that this system takes; name a shorter one with --admin unix:PATH", len(path), maxPath)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { _ = dir.Close() }, nil
}
