// Package testpostgres starts a real PostgreSQL server for a test binary: made with
// initdb in a temporary directory, on a free loopback port, without fsync. It is
// stopped and removed when the binary ends, even if it is killed. If PostgreSQL is not
// installed, tests are skipped.
package testpostgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lintel-run/lintel/internal/freeport"
)

// Server is a running PostgreSQL server.
type Server struct {
	bin        string
	data       string
	settings   []string // further arguments of postgres
	port       int
	credential *syscall.Credential
	guard      *os.File // the guard stops the server when this is closed

	mu      sync.Mutex
	command *exec.Cmd
	exited  chan struct{}
}

var shared struct {
	once   sync.Once
	server *Server
	err    error
}

var errMissing = errors.New("PostgreSQL (initdb, postgres) isn't installed: looked in PATH and /usr/lib/postgresql/*/bin")

// Start returns the server of this test binary. The first call starts it.
func Start(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = start(nil) })
	if errors.Is(shared.err, errMissing) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatalf("testpostgres: %v", shared.err)
	}
	return shared.server
}

// Addr returns the server's address, "127.0.0.1:port".
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL returns the connection URL of a database at an address, which is the server's or
// a proxy's.
func URL(addr, database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", addr, database)
}

var databases atomic.Int64

// Database makes a new empty database and returns its name.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, URL(s.Addr(), "postgres"))
	if err != nil {
		t.Fatalf("testpostgres: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("testpostgres: %v", err)
	}
	return name
}

// NewURL makes a new empty database and returns its connection URL.
func (s *Server) NewURL(t testing.TB) string {
	t.Helper()
	return URL(s.Addr(), s.Database(t))
}

// Stop stops the server at once, like a power cut. Restart starts it again on the same
// port with the same data. Tests that use them must not run in parallel.
func (s *Server) Stop() {
	s.mu.Lock()
	command, exited := s.command, s.exited
	s.mu.Unlock()
	_ = command.Process.Signal(syscall.SIGQUIT)
	<-exited
}

// Restart starts a stopped server again.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatalf("testpostgres: %v", err)
	}
}

// start starts a server. prepare is called between initdb and the start; it may be nil.
func start(prepare func(*Server) error) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "testpostgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, data: filepath.Join(dir, "data")}
	if err := s.dropRoot(dir); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := s.startGuard(dir); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	initdb := s.as("initdb", "-D", s.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if prepare != nil {
		if err := prepare(s); err != nil {
			return nil, err
		}
	}
	for range 3 { // another test process may take the port meanwhile
		if s.port, err = freeport.Find(); err != nil {
			return nil, err
		}
		if err = s.run(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// binaries returns the directory of initdb and postgres, of the newest version.
func binaries() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if _, err := exec.LookPath("initdb"); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	if len(found) == 0 {
		return "", errMissing
	}
	return filepath.Dir(found[0]), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// dropRoot makes a command run as the user postgres if this process is root, because
// PostgreSQL refuses to run as root.
func (s *Server) dropRoot(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("running as root needs the user postgres: %w", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	s.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(dir, int(uid), int(gid))
}

// startGuard starts a shell that waits for this process to end, then stops the server
// and removes its directory. The shell reads the server's pid from its pid file.
func (s *Server) startGuard(dir string) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	const script = `cat >/dev/null
pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null)
[ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
i=0
while [ -e "$1/postmaster.pid" ] && [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done
rm -rf -- "$2"`
	guard := exec.Command("/bin/sh", "-c", script, "sh", s.data, dir)
	guard.Stdin = reader
	guard.Dir = "/"
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = guard.Start()
	_ = reader.Close()
	if err != nil {
		_ = writer.Close()
		return err
	}
	s.guard = writer
	return nil
}

func (s *Server) as(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Setpgid: true}
	return c
}

// run starts the server and waits until it answers.
func (s *Server) run() error {
	command := s.as("postgres", append(slices.Clone(s.settings), "-D", s.data, "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=400", "-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal")...)
	if err := command.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(exited)
	}()
	s.mu.Lock()
	s.command, s.exited = command, exited
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, URL(s.Addr(), "postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-exited:
			return errors.New("the server ended at its start")
		case <-ctx.Done():
			_ = command.Process.Signal(syscall.SIGQUIT)
			return ctx.Err()
		case <-time.After(30 * time.Millisecond):
		}
	}
}
