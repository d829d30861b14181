package blackbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/pace"
)

// patience is how long a test waits for something that takes milliseconds on an idle
// machine.
const patience = 30 * time.Second

// Server is a running "lintel serve".
type Server struct {
	t   testing.TB
	App *App
	// URL is the public listener's, without a final slash.
	URL string
	// Admin is the path of the operators' socket, or its URL on TCP.
	Admin string
	// Printed holds the lines of standard output up to the operators' address.
	Printed []string

	contract  contract
	transport *http.Transport

	cmd  *exec.Cmd
	logs *logs
	done chan struct{} // closed when the process has ended
	err  error         // of Wait; after done
}

// Start holds options for starting a server.
type Start struct {
	// Args follow "serve APP --listen 127.0.0.1:0 --dev --dev-send".
	Args []string
	// Outbox leaves --dev-send out: nothing is sent.
	Outbox bool
	// NoDev leaves --dev out.
	NoDev bool
	// Env are further variables, NAME=value.
	Env []string
	// Files are open in the server as descriptors 3 and up.
	Files []*os.File
	// Stderr takes the server's standard error. Without it Log returns that.
	Stderr *os.File
}

// Serve starts a server and waits until it has printed its addresses. The server is
// stopped when the test ends. A failed test shows its log.
func (a *App) Serve(how ...Start) *Server {
	a.t.Helper()
	s, err := a.Begin(how...)
	if err == nil {
		err = s.Await()
	}
	if err != nil {
		a.t.Fatalf("lintel serve: %v", err)
	}
	return s
}

// Begin starts a server without waiting for it.
func (a *App) Begin(how ...Start) (*Server, error) {
	a.t.Helper()
	args := []string{"serve", a.Dir, "--listen", "127.0.0.1:0", "--log-level", "debug"}
	var env []string
	var files []*os.File
	var stderr *os.File
	dev, send := true, true
	for _, h := range how {
		args, env, dev = append(args, h.Args...), append(env, h.Env...), dev && !h.NoDev
		send = send && !h.Outbox
		files = append(files, h.Files...)
		if h.Stderr != nil {
			stderr = h.Stderr
		}
	}
	if dev {
		args = append(args, "--dev")
	}
	if dev && send {
		args = append(args, "--dev-send")
	}
	s := &Server{t: a.t, App: a, logs: &logs{}, done: make(chan struct{})}
	// A burst dials more connections than it needs, and the server closes one that is
	// unused for 5 s. The client closes it earlier, so that no request uses a
	// connection that is being closed.
	s.transport = &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: 2 * time.Second}
	s.cmd = exec.Command(filepath.Join(Bin(a.t), "lintel"), args...)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = a.t.TempDir(), Environment(env...), s.logs
	s.cmd.ExtraFiles = files
	if stderr != nil {
		s.cmd.Stderr = stderr
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	printed := make(chan string, 64)
	go func() {
		defer close(printed)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			printed <- lines.Text()
		}
	}()
	s.logs.addresses = printed
	a.t.Cleanup(func() {
		s.transport.CloseIdleConnections()
		s.Stop()
		if a.t.Failed() {
			a.t.Logf("log of lintel serve:\n%s", s.Log())
		}
	})
	return s, nil
}

// Await reads the addresses.
func (s *Server) Await() error {
	timeout := time.After(patience)
	for s.Admin == "" {
		select {
		case line, ok := <-s.logs.addresses:
			if !ok {
				s.wait()
				return fmt.Errorf("it ended (%w) without its addresses; log:\n%s", s.err, s.Log())
			}
			s.Printed = append(s.Printed, line)
			if url, ok := strings.CutPrefix(line, "listening on "); ok {
				s.URL = url
			}
			if admin, ok := strings.CutPrefix(line, "operators on "); ok {
				s.Admin = strings.TrimPrefix(admin, "unix://")
			}
		case <-timeout:
			return fmt.Errorf("no addresses within %s; log:\n%s", patience, s.Log())
		}
	}
	go s.wait()
	return nil
}

// wait reaps the process, once, after its output has ended.
func (s *Server) wait() {
	for line := range s.logs.addresses {
		s.Printed = append(s.Printed, line)
	}
	s.err = s.cmd.Wait()
	close(s.done)
}

// PID returns the server's process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Log returns what it has written to standard error.
func (s *Server) Log() string { return s.logs.String() }

// Done is closed when the process has ended.
func (s *Server) Done() <-chan struct{} { return s.done }

// Signal sends a signal.
func (s *Server) Signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("signal %v: %v", sig, err)
	}
}

// Exit waits for the process to end and returns its exit code, -1 after a signal.
func (s *Server) Exit() int {
	s.t.Helper()
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		s.t.Fatalf("it has not ended within %s; log:\n%s", patience, s.Log())
		return 0
	}
}

// Kill kills the server with SIGKILL.
func (s *Server) Kill() {
	s.t.Helper()
	s.Signal(syscall.SIGKILL)
	s.Exit()
}

// Stop ends the server with SIGTERM, or with SIGKILL if that takes too long. It may be
// called again.
func (s *Server) Stop() {
	select {
	case <-s.done:
		return
	default:
	}
	if s.URL == "" {
		_ = s.cmd.Process.Kill()
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.done
		s.t.Errorf("SIGTERM did not end it within %s", patience)
	}
}

// Message is a message in the outbox.
type Message struct {
	Time     time.Time         `json:"time"`
	Vendor   string            `json:"vendor"`
	Phone    string            `json:"phone"`
	Template string            `json:"template"`
	Params   map[string]string `json:"params"`
	Text     string            `json:"text"`
}

// Outbox returns the messages sent in development, newest first.
func (s *Server) Outbox() []Message {
	s.t.Helper()
	var messages []Message
	if err := s.getJSON(http.DefaultClient, s.URL+"/_dev/outbox.json", &messages); err != nil {
		s.t.Fatalf("outbox: %v", err)
	}
	return messages
}

// Code returns the newest code sent to a phone, which is given in E.164.
func (s *Server) Code(phone string) string {
	s.t.Helper()
	for _, m := range s.Outbox() {
		if m.Phone == phone {
			return m.Params["code"]
		}
	}
	s.t.Fatalf("nothing was sent to that phone")
	return ""
}

// Operator sends a request to the operators' socket.
func (s *Server) Operator(path string) (status int, body string) {
	s.t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.Admin)
		},
	}, Timeout: patience}
	resp, err := client.Get("http://lintel" + path)
	if err != nil {
		s.t.Fatalf("operators' %s: %v", path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("operators' %s: %v", path, err)
	}
	return resp.StatusCode, string(text)
}

// Plugins waits until at least n plugins run and returns their process ids by Type. The
// server's status may be a second old.
func (s *Server) Plugins(atLeast int) map[string]int {
	s.t.Helper()
	pids := make(map[string]int)
	Eventually(s.t, patience, fmt.Sprintf("%d plugins run", atLeast), func() bool {
		_, body := s.Operator("/status")
		var status struct {
			Plugins []struct {
				Type string `json:"type"`
				PID  int    `json:"pid"`
			} `json:"plugins"`
		}
		if err := json.Unmarshal([]byte(body), &status); err != nil {
			s.t.Fatalf("status: %v", err)
		}
		for _, p := range status.Plugins {
			if p.PID != 0 {
				pids[p.Type] = p.PID
			}
		}
		return len(pids) >= atLeast
	})
	return pids
}

func (s *Server) getJSON(client *http.Client, url string, into any) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return json.Unmarshal(body, into)
}

// Alive reports whether a process runs. A process that waits to be reaped doesn't.
func Alive(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && !zombie(pid)
}

// Eventually waits until a condition holds, longer than within on a busy machine.
func Eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for watch := pace.Start(t); !holds(); time.Sleep(10 * time.Millisecond) {
		if !watch.Within(t, within, what) {
			t.FailNow()
		}
	}
}

// logs collects standard error.
type logs struct {
	addresses chan string

	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
