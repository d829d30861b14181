// Package runner runs one plugin process for go-plugin's handshake: in a process group of
// its own, with a given environment only, without input, and with outputs that are
// always read. Unlike go-plugin's own runner, a kill reaches the whole group and never
// blocks, the group is dead before the leader's number can be reused, and the process
// ends when its host does. It knows nothing of Types.
package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/lintel-run/lintel/internal/children"
	"github.com/lintel-run/lintel/plugins/handshake"
	"github.com/lintel-run/lintel/runtime/internal/plugin/outputs"
)

// Groups keeps the process groups that are alive.
type Groups interface {
	Add(pgid int)
	Remove(pgid int)
}

// Config is the configuration of a Runner.
type Config struct {
	// Path is executed with Args, whose first is the name it runs under.
	Path string
	Args []string
	Dir  string
	// Env is the whole environment, except for what the handshake adds.
	Env []string
	// SocketDir is the private directory that the plugin's socket must be in.
	SocketDir string
	// TCP allows the plugin to listen on a loopback port instead.
	TCP bool

	Spawner *Spawner
	Groups  Groups
	Output  *outputs.Log
}

// drainTime bounds how long outputs are read after the process has ended, since a
// descendant outside the group may hold them open.
const drainTime = 300 * time.Millisecond

// Runner runs one process. It implements go-plugin's runner.Runner.
type Runner struct {
	cfg   Config
	cmd   *exec.Cmd
	first *firstLine

	lifeline       *os.File
	stdout, stderr *os.File
	readers        sync.WaitGroup

	mu      sync.Mutex
	pid     int
	killed  bool
	reaped  bool
	network string
	address string
	err     error
	done    chan struct{}
}

// New returns the runner of a process, which Start starts.
func New(cfg Config) *Runner {
	return &Runner{cfg: cfg, first: newFirstLine(), done: make(chan struct{})}
}

// Func is go-plugin's RunnerFunc. It takes the handshake's variables from cmd.
func (r *Runner) Func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
	own := exec.Command(r.cfg.Path) //nolint:noctx // the process outlives the context of its start
	own.Path, own.Args, own.Dir = r.cfg.Path, r.cfg.Args, r.cfg.Dir
	own.Err = nil
	own.Env = append(own.Env, r.cfg.Env...)
	own.Env = append(own.Env, cmd.Env...)
	own.Env = append(own.Env,
		goplugin.EnvUnixSocketDir+"="+r.cfg.SocketDir,
		handshake.EnvLifelineFD+"="+strconv.Itoa(lifelineFD))
	r.cmd = own
	return r, nil
}

// lifelineFD is the first of exec.Cmd's ExtraFiles.
const lifelineFD = 3

// Start starts the process. The context bounds only the start.
func (r *Runner) Start(ctx context.Context) error {
	var files []*os.File
	closeAll := func() {
		for _, f := range files {
			_ = f.Close()
		}
	}
	pipe := func() (read, write *os.File, err error) {
		if read, write, err = os.Pipe(); err == nil {
			files = append(files, read, write)
		}
		return read, write, err
	}
	lifeRead, lifeWrite, err1 := pipe()
	outRead, outWrite, err2 := pipe()
	errRead, errWrite, err3 := pipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		closeAll()
		return fmt.Errorf("pipes: %w", err)
	}
	r.cmd.Stdout, r.cmd.Stderr = outWrite, errWrite
	r.cmd.ExtraFiles = []*os.File{lifeRead}
	r.cmd.SysProcAttr = attributes()
	// Groups learns the number on the thread that started the process, so that nothing
	// comes between.
	err := r.cfg.Spawner.do(func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := children.Start(r.cmd)
		if err == nil {
			r.cfg.Groups.Add(r.cmd.Process.Pid)
		}
		return err
	})
	if err != nil {
		closeAll()
		return err
	}
	for _, f := range []*os.File{lifeRead, outWrite, errWrite} {
		_ = f.Close()
	}
	r.stdout, r.stderr = outRead, errRead
	r.mu.Lock()
	r.pid, r.lifeline = r.cmd.Process.Pid, lifeWrite
	killed := r.killed
	r.mu.Unlock()
	if killed {
		r.Signal(syscall.SIGKILL)
	}
	r.readers.Add(2)
	go r.readStdout() //nolint:contextcheck // outputs are read as long as the process lives
	go r.readStderr() //nolint:contextcheck // outputs are read as long as the process lives
	go r.wait()
	return nil
}

// wait waits for the end of the process, kills what is left of its group, and only then
// reaps it, since its number can't be reused before.
func (r *Runner) wait() {
	pid := r.cmd.Process.Pid
	seen := waitExit(pid)
	if !seen {
		r.err = children.Wait(r.cmd)
	}
	r.mu.Lock()
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	r.cfg.Groups.Remove(pid)
	if seen {
		r.err = children.Wait(r.cmd)
	}
	r.reaped = true
	_ = r.lifeline.Close()
	r.mu.Unlock()
	end := time.Now().Add(drainTime)
	_ = r.stdout.SetReadDeadline(end)
	_ = r.stderr.SetReadDeadline(end)
	r.readers.Wait()
	_ = r.stdout.Close()
	_ = r.stderr.Close()
	close(r.done)
}

// Done returns a channel that is closed when the process has ended and its output has
// been read.
func (r *Runner) Done() <-chan struct{} { return r.done }

// Err returns how the process ended, nil for exit status 0. It is valid after Done.
func (r *Runner) Err() error { return r.err }

// PID returns the process id, 0 before the start.
func (r *Runner) PID() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pid
}

// Signal sends a signal to the process group unless it has ended. A SIGKILL before the
// start is sent after it.
func (r *Runner) Signal(sig syscall.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.pid == 0:
		r.killed = r.killed || sig == syscall.SIGKILL
	case !r.reaped:
		_ = syscall.Kill(-r.pid, sig)
	}
}

// Release closes the lifeline, which asks the plugin to exit.
func (r *Runner) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lifeline != nil {
		_ = r.lifeline.Close()
	}
}

// Address returns the address that the plugin listens on.
func (r *Runner) Address() (network, address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.network, r.address
}

// Wait waits until the process has ended and its output has been read.
func (r *Runner) Wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill kills the group and does not wait.
func (r *Runner) Kill(context.Context) error {
	r.Signal(syscall.SIGKILL)
	return nil
}

// ID returns the process id as text.
func (r *Runner) ID() string {
	if pid := r.PID(); pid != 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

// Name returns the name of the executable, for go-plugin's messages.
func (r *Runner) Name() string { return filepath.Base(r.cfg.Path) }

// Diagnose returns nothing, since the output is logged.
func (r *Runner) Diagnose(context.Context) string { return "" }

// PluginToHost accepts a socket in the process's own directory and, if TCP is allowed, a
// loopback port. The host connects to nothing else.
func (r *Runner) PluginToHost(network, address string) (string, string, error) {
	switch network {
	case "unix":
		if !filepath.IsAbs(address) || !strings.HasPrefix(filepath.Clean(address), r.cfg.SocketDir+string(filepath.Separator)) {
			return "", "", errors.New("the plugin's socket is outside its own directory")
		}
	case "tcp":
		host, _, err := net.SplitHostPort(address)
		if err != nil || !r.cfg.TCP || !net.ParseIP(host).IsLoopback() {
			return "", "", errors.New("the plugin listens on TCP, which is not allowed for it, or not on a loopback address")
		}
	default:
		return "", "", errors.New("the plugin listens on neither a unix socket nor TCP")
	}
	r.mu.Lock()
	r.network, r.address = network, address
	r.mu.Unlock()
	return network, address, nil
}

// HostToPlugin returns the address unchanged.
func (r *Runner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

var _ runner.Runner = (*Runner)(nil)
