package testpostgres

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/freeport"
)

// PgBouncer starts a real PgBouncer in front of the server and returns its address. It
// pools by transaction, with five connections per database and user; settings are
// further lines of its section [pgbouncer], of which the last counts. It is stopped
// when the test ends, even if it is killed. If PgBouncer is not installed, the test is
// skipped.
func (s *Server) PgBouncer(t testing.TB, settings ...string) string {
	t.Helper()
	bin, err := pgBouncerBinary()
	if err != nil {
		t.Skip("PgBouncer isn't installed: looked in PATH and /usr/sbin")
	}
	addr, stop, err := s.pgBouncer(bin, settings)
	if err != nil {
		t.Fatalf("testpostgres: pgbouncer: %v", err)
	}
	t.Cleanup(stop)
	return addr
}

func pgBouncerBinary() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/pgbouncer") // not in every user's PATH
}

// pgBouncer runs PgBouncer below a shell that ends it, and removes its directory, once
// the shell's input ends.
func (s *Server) pgBouncer(bin string, settings []string) (addr string, stop func(), err error) {
	port, err := freeport.Find()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "testpgbouncer-")
	if err != nil {
		return "", nil, err
	}
	lines := append([]string{
		"[databases]", "* = host=127.0.0.1 port=" + strconv.Itoa(s.port),
		"[pgbouncer]", "listen_addr = 127.0.0.1", "listen_port = " + strconv.Itoa(port), "unix_socket_dir =",
		"auth_type = trust", "auth_file = " + filepath.Join(dir, "users"),
		"pool_mode = transaction", "default_pool_size = 5", "max_client_conn = 400",
	}, settings...)
	for name, text := range map[string]string{"pgbouncer.ini": strings.Join(lines, "\n") + "\n", "users": "\"postgres\" \"\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			_ = os.RemoveAll(dir)
			return "", nil, err
		}
	}
	if s.credential != nil {
		if err := os.Chown(dir, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
			_ = os.RemoveAll(dir)
			return "", nil, err
		}
	}
	const script = `"$1" -q "$2/pgbouncer.ini" </dev/null 2>/dev/null & cat >/dev/null; kill $!; wait; rm -rf -- "$2"`
	shell := exec.Command("/bin/sh", "-c", script, "sh", bin, dir)
	shell.Dir = "/"
	shell.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Setpgid: true}
	input, err := shell.StdinPipe()
	if err == nil {
		err = shell.Start()
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, err
	}
	stop = func() {
		_ = input.Close()
		_ = shell.Wait()
	}
	addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := awaitListener(addr); err != nil {
		stop()
		return "", nil, err
	}
	return addr, stop, nil
}

// awaitListener waits until somebody listens at an address.
func awaitListener(addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(30 * time.Millisecond):
		}
	}
}
