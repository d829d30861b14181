package adminsocket

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// mostPerApp is how many servers of one app can be found by its directory.
const mostPerApp = 16

// ListenForApp listens on addresses that follow from the app's directory, so that the
// server is found wherever its data directory is, and if that is gone. They are abstract
// sockets of Linux: no files, and none that are left over. Elsewhere there are none.
func ListenForApp(app string) []net.Listener {
	var listeners []net.Listener
	for _, path := range pathsOf(app) {
		for i := range mostPerApp {
			inner, err := net.ListenUnix("unix", &net.UnixAddr{Name: address(path, i), Net: "unix"})
			if err == nil {
				listeners = append(listeners, ownOnly{inner})
				break
			}
		}
	}
	return listeners
}

// FindForApp returns the addresses at which servers of an app listen, for Dial.
func FindForApp(ctx context.Context, app string) []string {
	var found []string
	for _, path := range pathsOf(app) {
		for i := range mostPerApp {
			conn, err := Dial(ctx, address(path, i))
			if err != nil {
				continue
			}
			if id, ok := peer(conn); ok && trusted(id.user) {
				found = append(found, address(path, i))
			}
			_ = conn.Close()
		}
	}
	return found
}

// Process returns the id of the process that listens at an address, 0 if that isn't
// known.
func Process(ctx context.Context, address string) int {
	conn, err := Dial(ctx, address)
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close() }()
	id, _ := peer(conn)
	return id.process
}

// pathsOf returns the paths of an app: as it is given, and with links followed.
func pathsOf(app string) []string {
	if runtime.GOOS != "linux" {
		return nil
	}
	path, err := filepath.Abs(app)
	if err != nil {
		return nil
	}
	if followed, err := filepath.EvalSymlinks(path); err == nil && followed != path {
		return []string{path, followed}
	}
	return []string{path}
}

func address(path string, i int) string {
	sum := sha256.Sum256([]byte(path))
	return fmt.Sprintf("@lintel-%d-%x-%d", os.Getuid(), sum[:12], i)
}

// ownOnly accepts connections of the same user, and of root: an abstract socket has no
// mode.
type ownOnly struct{ *net.UnixListener }

func (l ownOnly) Accept() (net.Conn, error) {
	for {
		conn, err := l.UnixListener.Accept()
		if err != nil {
			return nil, err
		}
		if id, ok := peer(conn); ok && trusted(id.user) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// credentials are who is at the other end of a connection.
type credentials struct{ process, user int }

func trusted(user int) bool { return user == 0 || user == os.Getuid() }
