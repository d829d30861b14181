// Package testredis starts real Redis servers for tests: a single server, one with
// Sentinel, or a Cluster. They listen on loopback, keep their files in the test's
// directory and end with the test, even if the test process is killed. If redis-server
// is not installed, the test is skipped.
package testredis

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/lintel-run/lintel/internal/freeport"
)

const patience = 15 * time.Second

// Server is one redis-server process.
type Server struct {
	// Addr is host:port.
	Addr string
	// Pid is the running process's id. Start changes it.
	Pid int

	t        testing.TB
	tls      *tls.Config
	password string
	args     []string
	lead     *exec.Cmd
	leash    io.WriteCloser
}

// Start starts a server without persistence. more are further arguments for
// redis-server, such as "--requirepass", "secret".
func Start(t testing.TB, more ...string) *Server {
	t.Helper()
	return start(t, freeport.Take(t), append([]string{"--save", "", "--appendonly", "no"}, more...)...)
}

// URL returns the address as a redis:// URL.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Client returns a client that is closed when the test ends.
func (s *Server) Client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, TLSConfig: s.tls, Password: s.password, DisableIdentity: true, Protocol: 2})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Stop kills the server. Start runs it again on the same port.
func (s *Server) Stop() {
	if s.lead == nil {
		return
	}
	_ = syscall.Kill(s.Pid, syscall.SIGKILL)
	_ = s.leash.Close()
	_ = s.lead.Wait()
	s.lead = nil
}

// Freeze suspends the server process. Thaw resumes it.
func (s *Server) Freeze() { _ = syscall.Kill(s.Pid, syscall.SIGSTOP) }

// Thaw resumes a server that Freeze suspended.
func (s *Server) Thaw() { _ = syscall.Kill(s.Pid, syscall.SIGCONT) }

// Start starts a stopped server again and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.launch()
	s.await()
}

func start(t testing.TB, port int, args ...string) *Server {
	t.Helper()
	return begin(t, &Server{t: t}, port, append(args, "--port", strconv.Itoa(port))...)
}

func begin(t testing.TB, s *Server, port int, args ...string) *Server {
	t.Helper()
	s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.args = append(args, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--logfile", "redis.log", "--daemonize", "no")
	t.Cleanup(s.Stop)
	s.launch()
	s.await()
	return s
}

// The server is a child of a shell that kills it when standard input ends, so that a
// killed test leaves no server behind.
const leash = `"$@" >/dev/null 2>&1 & p=$!; echo $p; read _; kill -9 $p; wait $p`

func (s *Server) launch() {
	s.t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		s.t.Skip("redis-server is not installed: this test needs a real Redis")
	}
	s.lead = exec.CommandContext(context.Background(), "/bin/sh", append([]string{"-c", leash, "sh", path}, s.args...)...)
	s.lead.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := s.lead.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := s.lead.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.lead.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.leash = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("redis-server did not start: %v", err)
	}
	if s.Pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) await() {
	s.t.Helper()
	conn := func() error {
		ctx, cancel := background()
		defer cancel()
		c, err := s.dial(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(time.Second))
		if _, err := io.WriteString(c, "PING\r\n"); err != nil {
			return err
		}
		answer, err := bufio.NewReader(c).ReadString('\n')
		if err == nil && strings.HasPrefix(answer, "-LOADING") {
			return errors.New("loading")
		}
		return err
	}
	eventually(s.t, "redis-server on "+s.Addr, conn)
}

func (s *Server) dial(ctx context.Context) (net.Conn, error) {
	plain := &net.Dialer{Timeout: time.Second}
	if s.tls == nil {
		return plain.DialContext(ctx, "tcp", s.Addr)
	}
	return (&tls.Dialer{NetDialer: plain, Config: s.tls}).DialContext(ctx, "tcp", s.Addr)
}

func eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatalf("%s: not ready in %v: %v", what, patience, err)
}

func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}
