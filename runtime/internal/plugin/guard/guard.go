// Package guard makes sure that what a host started does not outlive it, however
// the host ends. A guard is one small shell process in a session of its own that
// reads the host's pipe; when the pipe ends, it kills the process groups it was
// told of and removes the host's private directory. SIGKILL reaches stopped
// processes too, which a plugin's own watch on its lifeline does not.
//
// It knows nothing of plugins: only of process groups and one directory.
package guard

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// script is plain POSIX sh. It ignores what a terminal sends to a session, keeps
// the groups as a list of words, and after the end of its input kills twice, for
// a group that was being forked into, and removes the directory last.
const script = `
trap '' HUP INT QUIT TERM PIPE TSTP TTIN TTOU
PATH=/usr/bin:/bin
groups=
dir=
while IFS= read -r line; do
	verb=${line%% *}
	rest=${line#* }
	case $verb in
	dir) dir=$rest ;;
	add) groups="$groups $rest" ;;
	del)
		left=
		for g in $groups; do
			[ "$g" = "$rest" ] || left="$left $g"
		done
		groups=$left
		;;
	esac
done
for round in 1 2 3; do
	for g in $groups; do
		kill -KILL "-$g" 2>/dev/null
	done
	case $dir in
	/*) rm -rf -- "$dir" 2>/dev/null ;;
	esac
	[ -z "$groups" ] && break
	[ "$round" = 3 ] || sleep 0.1 2>/dev/null || sleep 1
done
`

const (
	writeTimeout = 2 * time.Second
	restartPause = 100 * time.Millisecond
)

// Guard is the host's end. All methods may be called from any goroutine.
type Guard struct {
	logger *slog.Logger
	dir    string

	mu     sync.Mutex
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

// Start starts a guard for a host whose private directory is dir, an absolute
// path. The guard is running when it returns.
func Start(logger *slog.Logger, dir string) (*Guard, error) {
	if !strings.HasPrefix(dir, "/") || strings.ContainsAny(dir, "\n\r") {
		return nil, errors.New("guard: not an absolute directory name")
	}
	g := &Guard{logger: logger, dir: dir, groups: make(map[int]struct{}), ended: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.launch(); err != nil {
		return nil, err
	}
	return g, nil
}

// Add has a process group killed when the host ends.
func (g *Guard) Add(pgid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groups[pgid] = struct{}{}
	g.tell(fmt.Sprintf("add %d\n", pgid))
}

// Remove forgets a group. It is called before the group's leader is reaped, so
// that the number can't be another's yet.
func (g *Guard) Remove(pgid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.groups, pgid)
	g.tell(fmt.Sprintf("del %d\n", pgid))
}

// PID is the guard's process id, 0 while it is being restarted.
func (g *Guard) PID() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shell == nil {
		return 0
	}
	return g.shell.cmd.Process.Pid
}

// Close ends the guard, which then kills and removes what it still knows, and
// waits for it.
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

// launch starts the shell and tells it everything. g.mu is held.
func (g *Guard) launch() error {
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("guard: %w", err)
	}
	// Told before it is started: there is no moment in which it knows too little.
	var words strings.Builder
	fmt.Fprintf(&words, "dir %s\n", g.dir)
	for pgid := range g.groups {
		fmt.Fprintf(&words, "add %d\n", pgid)
	}
	_ = write.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err = write.WriteString(words.String())
	cmd := exec.Command("/bin/sh", "-c", script, "lintel-guard") //nolint:noctx // the guard outlives every context
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.Stdin = read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err == nil {
		err = cmd.Start()
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

// tell writes to the shell. One that doesn't read is killed, which has watch
// start another. g.mu is held.
func (g *Guard) tell(words string) {
	if g.shell == nil || g.closed {
		return
	}
	_ = g.shell.stdin.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := g.shell.stdin.WriteString(words); err != nil {
		_ = g.shell.cmd.Process.Kill()
	}
}

// watch waits for one shell and replaces it unless the guard was closed.
func (g *Guard) watch(s *shell) {
	defer g.wg.Done()
	_ = s.cmd.Wait()
	g.mu.Lock()
	_ = s.stdin.Close()
	g.shell = nil
	for !g.closed {
		g.logger.Warn("the guard of plugin processes ended; starting another")
		err := g.launch()
		if err == nil {
			break
		}
		g.logger.Error("the guard of plugin processes can't be started", "error", err)
		g.mu.Unlock()
		select {
		case <-g.ended:
		case <-time.After(10 * restartPause):
		}
		g.mu.Lock()
	}
	g.mu.Unlock()
}
