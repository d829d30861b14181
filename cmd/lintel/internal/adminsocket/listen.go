// Package adminsocket listens for operators on a unix socket in the data directory,
// and finds such sockets. Only the user who runs lintel can open one.
package adminsocket

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Name is the socket's name in the data directory. A second process on the same
// directory uses admin-PID.sock.
const Name = "admin.sock"

// Listener is a net.Listener whose Close also removes the socket's file, unless
// another process has replaced it.
type Listener struct {
	*net.UnixListener
	path  string
	file  os.FileInfo
	close sync.Once
	err   error
}

// Path returns the socket's absolute path.
func (l *Listener) Path() string { return l.path }

// Close stops listening and removes the file.
func (l *Listener) Close() error {
	l.close.Do(func() {
		l.err = l.UnixListener.Close()
		if file, err := os.Lstat(l.path); err == nil && os.SameFile(file, l.file) {
			l.err = errors.Join(l.err, os.Remove(l.path))
		}
	})
	return l.err
}

// Listen listens in the data directory, which it creates (0700) if it is missing.
// It removes sockets that nobody listens on any more.
func Listen(dataDir string) (*Listener, error) { return prefixed(listenIn(dataDir)) }

// ListenAt listens on a socket at a path of the operator's choice.
func ListenAt(path string) (*Listener, error) { return prefixed(listenAt(path)) }

func prefixed(l *Listener, err error) (*Listener, error) {
	if err != nil {
		return nil, fmt.Errorf("operators' socket: %w", err)
	}
	return l, nil
}

func listenIn(dataDir string) (*Listener, error) {
	dataDir, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("the data directory: %w", err)
	}
	unlock, err := lock(dataDir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, path := range sockets(dataDir) {
		if !alive(path) {
			_ = os.Remove(path) // Lstat below sees a file that can't be removed
		}
	}
	path := filepath.Join(dataDir, Name)
	if _, err := os.Lstat(path); err == nil {
		path = filepath.Join(dataDir, fmt.Sprintf("admin-%d.sock", os.Getpid()))
	}
	return listen(path)
}

func listenAt(path string) (*Listener, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil {
		switch {
		case info.Mode()&os.ModeSocket == 0:
			return nil, errors.New("there is another file at the address")
		case alive(path):
			return nil, errors.New("another process listens there")
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return listen(path)
}

// listen binds in a private directory and moves the socket into place, so that
// nobody can connect before the socket has its mode.
func listen(path string) (*Listener, error) {
	private, err := os.MkdirTemp(filepath.Dir(path), ".admin-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(private) }()
	temporary := filepath.Join(private, "s")
	short, done, err := shorten(temporary)
	if err != nil {
		return nil, err
	}
	defer done()
	inner, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	inner.SetUnlinkOnClose(false)
	fail := func(err error) (*Listener, error) { return nil, errors.Join(err, inner.Close()) }
	if err := os.Chmod(temporary, 0o600); err != nil {
		return fail(err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fail(err)
	}
	file, err := os.Lstat(path)
	if err != nil {
		return fail(err)
	}
	return &Listener{UnixListener: inner, path: path, file: file}, nil
}

// lock keeps other processes from changing the directory's sockets.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return func() { _ = d.Close() }, nil
}

// sockets lists the operators' sockets in a data directory, Name first.
func sockets(dataDir string) []string {
	entries, err := os.ReadDir(dataDir)
	if err != nil {
		return nil
	}
	var first, more []string
	for _, entry := range entries {
		name := entry.Name()
		if entry.Type()&os.ModeSocket == 0 {
			continue
		}
		path := filepath.Join(dataDir, name)
		switch {
		case name == Name:
			first = append(first, path)
		case strings.HasPrefix(name, "admin-") && strings.HasSuffix(name, ".sock"):
			more = append(more, path)
		}
	}
	return append(first, more...)
}
