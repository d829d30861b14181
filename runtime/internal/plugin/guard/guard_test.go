package guard

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// group starts a process that heeds nothing, in a group of its own.
func group(t *testing.T, stopped bool) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "trap '' TERM HUP INT; while :; do sleep 60; done")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	if stopped {
		require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGSTOP))
	}
	return cmd
}

func endsWithin(t *testing.T, cmd *exec.Cmd, d time.Duration) bool {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); _, _ = cmd.Process.Wait() }()
	select {
	case <-done:
		return true
	case <-time.After(d):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
		return false
	}
}

func TestEndOfTheHostKillsGroupsAndRemovesTheDirectory(t *testing.T) {
	// A name with spaces and quotes is a name like any other.
	dir := filepath.Join(t.TempDir(), "a dir with 'quotes' $HOME")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "p1"), 0o700))
	g, err := Start(slog.New(slog.DiscardHandler), dir)
	require.NoError(t, err)
	running, frozen, forgotten := group(t, false), group(t, true), group(t, false)
	for _, cmd := range []*exec.Cmd{running, frozen, forgotten} {
		g.Add(cmd.Process.Pid)
	}
	g.Remove(forgotten.Process.Pid)
	g.Close()
	require.True(t, endsWithin(t, running, 30*time.Second))
	require.True(t, endsWithin(t, frozen, 30*time.Second))
	require.False(t, endsWithin(t, forgotten, 200*time.Millisecond), "what was removed is left alone")
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestKilledGuardIsReplaced(t *testing.T) {
	dir := t.TempDir()
	g, err := Start(slog.New(slog.DiscardHandler), dir)
	require.NoError(t, err)
	before, after := group(t, false), group(t, false)
	g.Add(before.Process.Pid)
	first := g.PID()
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	for end := time.Now().Add(30 * time.Second); g.PID() == first || g.PID() == 0; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(end), "no other guard")
	}
	g.Add(after.Process.Pid)
	g.Close()
	require.True(t, endsWithin(t, before, 30*time.Second))
	require.True(t, endsWithin(t, after, 30*time.Second))
}

func TestDirectoryMustBeAbsolute(t *testing.T) {
	for _, dir := range []string{"", "relative", "/a\nadd 1"} {
		_, err := Start(slog.New(slog.DiscardHandler), dir)
		require.Error(t, err)
	}
}
