package plugin

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// shortDir makes a directory whose name leaves room for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "short")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Sockets lie in the first place that works, and where none does the error says why.
func TestThePlaceOfSockets(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 25))
	require.NoError(t, os.Mkdir(long, 0o700))
	good := shortDir(t)
	for name, bad := range map[string]string{
		"missing": filepath.Join(good, "nothing"), "too long": long, "a file": os.Args[0],
	} {
		t.Setenv("TMPDIR", bad)
		t.Setenv("XDG_RUNTIME_DIR", good)
		dir, err := makePrivateDir(Config{})
		require.NoError(t, err, name)
		require.Equal(t, good, filepath.Dir(dir), name)
		require.NoError(t, os.RemoveAll(dir))
		_, err = makeSocketDir(bad)
		require.Error(t, err, name)
	}
	_, err := makeSocketDir(long)
	require.ErrorContains(t, err, "is too long")
	left, err := os.ReadDir(long)
	require.NoError(t, err)
	require.Empty(t, left)
}

// A file system that is read-only, full or noexec, where the test may mount one.
func TestAPlaceThatCannotBeUsed(t *testing.T) {
	mount := func(options string) string {
		dir := shortDir(t)
		if runtime.GOOS != "linux" || os.Geteuid() != 0 {
			t.Skip("only root may mount")
		}
		if err := mountTmpfs(dir, options); err != nil {
			t.Skipf("nothing may be mounted here: %v", err)
		}
		t.Cleanup(func() { _ = unmount(dir) })
		return dir
	}
	_, err := makeSocketDir(mount("ro"))
	require.ErrorIs(t, err, syscall.EROFS)
	full := mount("size=4k")
	require.Error(t, os.WriteFile(filepath.Join(full, "fill"), make([]byte, 1<<20), 0o600))
	_, err = makeSocketDir(full)
	require.ErrorIs(t, err, syscall.ENOSPC)

	// A pinned executable runs all the same: it is copied to where it may run.
	sum, err := Digest(hostileSpec())
	require.NoError(t, err)
	for _, options := range []string{"noexec", "size=64k"} {
		for _, first := range []bool{true, false} {
			bad, data := mount(options), shortDir(t)
			cfg := Config{TempDir: bad, DataDir: data}
			if first {
				cfg = Config{TempDir: shortDir(t), DataDir: bad}
			}
			h, _ := testHost(t, cfg)
			spec := hostileSpec()
			spec.SHA256 = sum
			p := h.Process(spec)
			configure(t, p, 1, `{}`)
			mustCall(t, p, "echo", nil)
		}
	}
	h, _ := testHost(t, Config{TempDir: mount("noexec")})
	spec := hostileSpec()
	spec.SHA256 = sum
	require.ErrorContains(t, h.Process(spec).Start(testContext(t)), "could not be started")
	_, err = h.pins.of(spec)
	require.ErrorContains(t, err, "noexec")
}

// After the directory of sockets was removed, as cleaners of temporary directories do,
// calls go on, in a process that can be reached again; pinned ones too.
func TestADirectoryThatIsRemovedIsMadeAgain(t *testing.T) {
	sum, err := Digest(hostileSpec())
	require.NoError(t, err)
	for _, pinned := range []string{"", sum} {
		h, _ := testHost(t, Config{TempDir: shortDir(t)})
		spec := hostileSpec()
		spec.SHA256 = pinned
		p := h.Process(spec)
		configure(t, p, 1, `{}`)
		before := mustCall(t, p, "pid", nil)
		removed, err := h.privateDir()
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(removed))
		for range 20 {
			mustCall(t, p, "echo", nil)
		}
		eventually(t, "another process serves", func() bool { return mustCall(t, p, "pid", nil) != before })
		require.Equal(t, "logged", mustCall(t, p, "hostlog", nil), "it reaches the host")
		again, err := h.privateDir()
		require.NoError(t, err)
		require.NotEqual(t, removed, again)
		require.True(t, ownDir(again))
		_, err = call(testContext(t), p, "exit", nil)
		require.Error(t, err)
		mustCall(t, p, "echo", nil)
	}
}

// A copy that lost or changed a byte is made again.
func TestACopyThatChangedIsMadeAgain(t *testing.T) {
	sum, err := Digest(hostileSpec())
	require.NoError(t, err)
	data := shortDir(t)
	h, _ := testHost(t, Config{TempDir: shortDir(t), DataDir: data})
	spec := hostileSpec()
	spec.SHA256 = sum
	first, err := h.pins.of(spec)
	require.NoError(t, err)
	same, err := h.pins.of(spec)
	require.NoError(t, err)
	require.Equal(t, first, same)
	require.True(t, strings.HasPrefix(first, data))
	run := filepath.Join(first, "run")
	for _, spoil := range []func() error{
		func() error { return os.Remove(run) },
		func() error { return os.RemoveAll(filepath.Dir(first)) },
	} {
		_ = spoil()
		first, err = h.pins.of(spec)
		require.NoError(t, err)
		run = filepath.Join(first, "run")
		require.FileExists(t, run)
	}
	require.NoError(t, os.Chmod(run, 0o700))
	require.NoError(t, os.WriteFile(run, []byte("#!/bin/sh\n"), 0o700))
	again, err := h.pins.of(spec)
	require.NoError(t, err)
	require.NotEqual(t, first, again)
}
