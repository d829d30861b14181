// Package guard kills what a host has started when the host ends, however it ends. A
// guard is a small shell process in a session of its own that reads a pipe from the
// host. When the pipe ends, the guard kills the process groups that it knows and
// removes the host's directories. SIGKILL ends stopped processes too, which a
// plugin that watches its lifeline can't do for itself.
//
// It knows only process groups and directories, and nothing of plugins.
package guard

import (
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lintel-run/lintel/internal/children"
)

//go:embed guard.sh
var script string

const (
	writeTimeout = 2 * time.Second
	restartPause = 100 * time.Millisecond
)

// Guard is the host's side of a guard. All methods may be called from any goroutine.
type Guard struct {
	logger *slog.Logger

	mu     sync.Mutex
	dirs   []string
	groups map[int]struct{}
	shell  *shell
	closed bool
	ended  chan struct{}
	wg     sync.WaitGroup
}

type shell struct {
	cmd   *exec.Cmd
	stdin *os.File
}

// Start starts a guard for a host with the private directory dir, an absolute path.
func Start(logger *slog.Logger, dir string) (*Guard, error) {
	if !usable(dir) {
		return nil, errors.New("guard: not an absolute directory name")
	}
	g := &Guard{logger: logger, dirs: []string{dir}, groups: make(map[int]struct{}), ended: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.launch(); err != nil {
		return nil, err
	}
	return g, nil
}

// usable reports whether a directory can be named to the shell.
func usable(dir string) bool {
	return strings.HasPrefix(dir, "/") && !strings.ContainsAny(dir, "\n\r")
}

// AddDir adds a directory to those removed when the host ends.
func (g *Guard) AddDir(dir string) {
	if !usable(dir) {
		g.logger.Warn("a directory may be left over if the host is killed", "directory", dir)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dirs = append(g.dirs, dir)
	g.send("dir " + dir + "\n")
}

// Add adds a process group to those killed when the host ends.
func (g *Guard) Add(pgid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groups[pgid] = struct{}{}
	g.send(fmt.Sprintf("add %d\n", pgid))
}

// Remove removes a group. Call it before the group's leader is reaped, while the
// number can't belong to another group.
func (g *Guard) Remove(pgid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.groups, pgid)
	g.send(fmt.Sprintf("del %d\n", pgid))
}

// PID returns the guard's process id, 0 while it is being restarted.
func (g *Guard) PID() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shell == nil {
		return 0
	}
	return g.shell.cmd.Process.Pid
}

// Close ends the guard, which kills and removes what it still knows, and waits for it.
func (g *Guard) Close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.ended)
		if g.shell != nil {
			_ = g.shell.stdin.Close()
		}
	}
	g.mu.Unlock()
	g.wg.Wait()
}

// launch starts the shell with all that it has to know. g.mu is held.
func (g *Guard) launch() error {
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("guard: %w", err)
	}
	// Written before the start, so that the shell never knows too little.
	var text strings.Builder
	for _, dir := range g.dirs {
		fmt.Fprintf(&text, "dir %s\n", dir)
	}
	for pgid := range g.groups {
		fmt.Fprintf(&text, "add %d\n", pgid)
	}
	_ = write.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err = write.WriteString(text.String())
	cmd := exec.Command("/bin/sh", "-c", script, "lintel-guard") //nolint:noctx // the guard outlives every context
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.Stdin = read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err == nil {
		err = children.Start(cmd)
	}
	_ = read.Close()
	if err != nil {
		_ = write.Close()
		return fmt.Errorf("guard: %w", err)
	}
	s := &shell{cmd: cmd, stdin: write}
	g.shell = s
	g.wg.Add(1)
	go g.watch(s)
	return nil
}

// send writes to the shell. It kills one that doesn't read, and watch starts another.
// g.mu is held.
func (g *Guard) send(text string) {
	if g.shell == nil || g.closed {
		return
	}
	_ = g.shell.stdin.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := g.shell.stdin.WriteString(text); err != nil {
		_ = g.shell.cmd.Process.Kill()
	}
}

// watch waits for one shell and replaces it unless the guard was closed.
func (g *Guard) watch(s *shell) {
	defer g.wg.Done()
	_ = children.Wait(s.cmd)
	g.mu.Lock()
	_ = s.stdin.Close()
	g.shell = nil
	for !g.closed {
		g.logger.Warn("the guard of plugin processes ended, starting another")
		err := g.launch()
		if err == nil {
			break
		}
		g.logger.Error("starting the guard of plugin processes failed", "error", err)
		g.mu.Unlock()
		select {
		case <-g.ended:
		case <-time.After(10 * restartPause):
		}
		g.mu.Lock()
	}
	g.mu.Unlock()
}
