package blackbox_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// A process of the same user, as a plugin is, can read neither the server's environment
// and memory nor those of plugins. As root the test runs all of them as somebody else,
// since root may read everything.
func TestProcShowsNoSecret(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	uid := uint32(os.Geteuid())
	dir, err := os.MkdirTemp("/tmp", "proc") // which anybody may enter
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	app := blackbox.Example(t)
	require.NoError(t, os.CopyFS(filepath.Join(dir, "app"), os.DirFS(app.Dir)))
	for _, name := range []string{"lintel", "lintel-types", "lintel-types.types.json"} {
		text, err := os.ReadFile(filepath.Join(blackbox.Bin(t), name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o755))
	}
	var attributes *syscall.SysProcAttr
	if uid == 0 {
		uid = 65534
		attributes = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		require.NoError(t, os.Chmod(dir, 0o755))
		require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			require.NoError(t, err)
			return os.Chown(path, int(uid), int(uid))
		}))
	}
	const canary = "c2VjcmV0LWNhbmFyeS1zZWNyZXQtY2FuYXJ5LXNlY3JldC0x"
	server := exec.Command(filepath.Join(dir, "lintel"), "serve", filepath.Join(dir, "app"), "--dev", "--listen", "127.0.0.1:0")
	server.Dir, server.SysProcAttr, server.Stderr = dir, attributes, os.Stderr
	server.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir, "LINTEL_SECRET=" + canary}
	out, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "listening on")

	// What may be read of an ordinary process shows that this would find it.
	sleep := exec.Command("sleep", "300")
	sleep.SysProcAttr, sleep.Env = attributes, server.Env
	require.NoError(t, sleep.Start())
	t.Cleanup(func() { _ = sleep.Process.Kill(); _ = sleep.Wait() })
	read := func(pid int, file string) string {
		cat := exec.Command("cat", fmt.Sprintf("/proc/%d/%s", pid, file))
		cat.SysProcAttr = attributes
		text, _ := cat.Output()
		return string(text)
	}
	blackbox.Eventually(t, 20*time.Second, "another process can be read", func() bool {
		return strings.Contains(read(sleep.Process.Pid, "environ"), canary)
	})

	require.NotContains(t, read(server.Process.Pid, "cmdline"), canary)
	var plugins int
	blackbox.Eventually(t, 20*time.Second, "plugins run", func() bool {
		plugins = 0
		for _, pid := range processesBelow(server.Process.Pid) {
			if strings.Contains(read(pid, "cmdline"), "lintel-types") {
				plugins++
			}
		}
		return plugins > 0
	})
	for _, pid := range append([]int{server.Process.Pid}, processesBelow(server.Process.Pid)...) {
		require.NotContains(t, read(pid, "environ"), canary, pid)
		if pid != server.Process.Pid && !strings.Contains(read(pid, "cmdline"), "lintel-types") {
			continue // the guard, which knows nothing
		}
		for _, file := range []string{"environ", "maps", "auxv"} {
			blackbox.Eventually(t, 20*time.Second, file+" can't be read", func() bool { return read(pid, file) == "" })
		}
	}
}
