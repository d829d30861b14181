package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/runtime/internal/plugin/guard"
)

// actAsHost is what the test binary does as the host that is killed: it starts
// plugins in the states of TestNothingOutlivesAKilledHost, says their numbers, and
// waits for its end.
func actAsHost(dir string) {
	h, err := New(Config{TempDir: dir})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	start := func(typ string, args ...string) *Process {
		p := h.Process(Spec{Type: typ, Path: os.Getenv("LINTEL_TEST_PLUGIN"), Args: append(args, "type="+typ)})
		if _, err := p.Configure(ctx, Instance{Name: testInstance, Type: typ, Generation: 1, Config: json.RawMessage(`{}`)}); err != nil {
			panic(err)
		}
		return p
	}
	healthy, deaf, frozen := start("a.Healthy"), start("a.Deaf", "deaf"), start("a.Frozen")
	say := func(p *Process, function string) {
		pid, err := call(ctx, p, function, nil)
		if err != nil {
			panic(err)
		}
		fmt.Println(pid)
	}
	for _, p := range []*Process{healthy, deaf, frozen} {
		say(p, "pid")
		say(p, "child")
	}
	fmt.Println(h.guard.(*guard.Guard).PID())
	// Frozen, and its group with it: it can't see its lifeline end.
	_ = syscall.Kill(-frozen.State().PID, syscall.SIGSTOP)
	fmt.Println("ready")
	select {}
}

func startHostProcess(t *testing.T) (host *exec.Cmd, pids []int, dir string) {
	t.Helper()
	// Below /tmp: a socket's name must be short.
	dir, err := os.MkdirTemp("/tmp", "orphan")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	host = exec.Command(os.Args[0])
	host.Env = append(os.Environ(), "LINTEL_TEST_HOST="+dir, "LINTEL_TEST_PLUGIN="+hostile)
	host.Stderr = os.Stderr
	out, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	t.Cleanup(func() { _ = host.Process.Kill(); _ = host.Wait() })
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		line := scanner.Text()
		if line == "ready" {
			return host, pids, dir
		}
		pids = append(pids, pidOf(t, line))
	}
	t.Fatal("the host didn't come up")
	return nil, nil, ""
}

func TestNothingOutlivesAKilledHost(t *testing.T) {
	host, pids, dir := startHostProcess(t)
	require.Len(t, pids, 7)
	for _, pid := range pids {
		require.True(t, alive(pid))
	}
	require.NoError(t, host.Process.Kill())
	watch := pace.Start(t)
	_ = host.Wait()
	eventually(t, "all plugins, their children and the guard are gone", func() bool {
		for _, pid := range pids {
			if alive(pid) {
				return false
			}
		}
		return true
	})
	watch.Within(t, 5*time.Second)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "sockets or directories are left over")
}

func TestAKilledGuardIsReplacedAndKnowsEverything(t *testing.T) {
	host, pids, dir := startHostProcess(t)
	guardPID := pids[len(pids)-1]
	require.NoError(t, syscall.Kill(guardPID, syscall.SIGKILL))
	// The new one is the host's only other child that is a shell.
	eventually(t, "another guard", func() bool {
		out, _ := exec.Command("pgrep", "-P", fmt.Sprint(host.Process.Pid), "-f", "lintel-guard").Output()
		text := strings.TrimSpace(string(out))
		return text != "" && text != fmt.Sprint(guardPID)
	})
	require.NoError(t, host.Process.Kill())
	_ = host.Wait()
	eventually(t, "all plugins and their children are gone", func() bool {
		for _, pid := range pids {
			if alive(pid) {
				return false
			}
		}
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		return len(left) == 0
	})
}

func TestGrandchildrenEndWithTheirPlugin(t *testing.T) {
	for _, function := range []string{"exit", "kill"} {
		p, _ := testProcess(t)
		configure(t, p, 1, `{}`)
		grandchild := pidOf(t, mustCall(t, p, "child", nil))
		require.True(t, alive(grandchild))
		if function == "exit" {
			_, err := call(testContext(t), p, "exit", nil)
			require.Error(t, err)
		} else {
			require.NoError(t, syscall.Kill(p.State().PID, syscall.SIGKILL))
		}
		eventually(t, "the grandchild is gone", func() bool { return !alive(grandchild) })
		mustCall(t, p, "echo", nil)
	}
}
