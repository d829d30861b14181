package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReplaceUnderLoadFailsNoCall(t *testing.T) {
	h, _ := testHost(t, Config{})
	p := h.Process(hostileSpec("version=0"))
	configure(t, p, 1, `{}`)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var served atomic.Int64
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := call(testContext(t), p, "config", nil); err != nil {
					t.Errorf("a call failed: %v", err)
					return
				}
				served.Add(1)
			}
		})
	}
	for version := range 5 {
		require.NoError(t, p.Replace(testContext(t), hostileSpec(fmt.Sprintf("version=%d", version+1))))
		require.Equal(t, fmt.Sprint(version+1), mustCall(t, p, "version", nil))
	}
	close(stop)
	wg.Wait()
	require.Positive(t, served.Load())
}

func TestReplacedProcessFinishesItsCalls(t *testing.T) {
	h, _ := testHost(t, Config{})
	p := h.Process(hostileSpec("version=old"))
	configure(t, p, 1, `{}`)
	old := p.State().PID
	dir := t.TempDir()
	began, until := filepath.Join(dir, "began"), filepath.Join(dir, "until")
	answer := make(chan error, 1)
	go func() {
		_, err := call(testContext(t), p, "wait", map[string]string{"began": began, "until": until})
		answer <- err
	}()
	eventually(t, "a call is running", func() bool { return exists(began) })
	require.NoError(t, p.Replace(testContext(t), hostileSpec("version=new")))
	require.Equal(t, "new", mustCall(t, p, "version", nil))
	require.Equal(t, 1, p.State().InFlight)
	require.True(t, alive(old))
	require.NoError(t, os.WriteFile(until, nil, 0o600))
	require.NoError(t, <-answer)
	eventually(t, "the old one is gone", func() bool { return !alive(old) })
}

func TestReplacementThatIsWrongChangesNothing(t *testing.T) {
	tests := map[string]Spec{
		"crashes":                  hostileSpec("crash"),
		"serves another Type":      hostileSpec("type=Other"),
		"refuses a configuration":  hostileSpec("refuse=" + testInstance),
		"prints no handshake":      hostileSpec("line=?"),
		"is not there":             {Type: "test.Hostile", Path: "/nonexistent"},
		"isn't what it's said not": {Type: "test.Hostile", Path: "/bin/true", SHA256: strings.Repeat("0", 64)},
	}
	h, _ := testHost(t, Config{})
	p := h.Process(hostileSpec("version=good"))
	configure(t, p, 1, `{}`)
	pid := p.State().PID
	for name, spec := range tests {
		require.Error(t, p.Replace(testContext(t), spec), name)
		require.Equal(t, "good", mustCall(t, p, "version", nil), name)
	}
	require.Equal(t, pid, p.State().PID)
	// After a crash it is still the good one that comes back.
	_, _ = call(testContext(t), p, "exit", nil)
	require.Equal(t, "good", mustCall(t, p, "version", nil))
}

func TestReplaceRevivesAFailedProcess(t *testing.T) {
	times := quick
	times.Budget = 1
	h, _ := testHost(t, Config{Timings: times})
	p := h.Process(hostileSpec("crash"))
	require.Error(t, p.Start(testContext(t)))
	eventually(t, "failed", func() bool { return p.State().Phase == Failed })
	require.NoError(t, p.Replace(testContext(t), hostileSpec("version=mended")))
	configure(t, p, 1, `{}`)
	require.Equal(t, "mended", mustCall(t, p, "version", nil))
	require.Empty(t, p.State().LastError)
}

func TestLockedExecutable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "plugin")
	program, err := os.ReadFile(hostile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, program, 0o700))
	spec := hostileSpec("version=locked")
	spec.Path = path
	spec.SHA256, err = Digest(spec)
	require.NoError(t, err)

	h, _ := testHost(t, Config{})
	p := h.Process(spec)
	configure(t, p, 1, `{}`)
	ran := mustCall(t, p, "executable", nil)
	require.True(t, strings.HasPrefix(ran, h.dir), "what runs is the copy that was hashed")

	// Swapped on disk: what was hashed still runs, after a restart too.
	require.NoError(t, os.WriteFile(path+".new", []byte("#!/bin/sh\necho owned\n"), 0o700))
	require.NoError(t, os.Rename(path+".new", path))
	_, _ = call(testContext(t), p, "exit", nil)
	require.Equal(t, "locked", mustCall(t, p, "version", nil))

	// A host that has no copy refuses the swapped one.
	h2, _ := testHost(t, Config{})
	err = h2.Process(spec).Start(testContext(t))
	requireOutcome(t, err, "not_executed")
	require.ErrorIs(t, err, errDigest)
}

func TestDigestOfAnInterpretedTypeCoversEveryFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), mode))
		require.NoError(t, os.Chmod(filepath.Join(dir, name), mode))
	}
	write("main.sh", "exec "+hostile+" \"$@\"", 0o600)
	write("lib/a.sh", "a", 0o600)
	spec := hostileSpec("version=script")
	spec.Interpreter, spec.Path, spec.Dir = "sh", filepath.Join(dir, "main.sh"), dir
	seen := map[string]string{}
	note := func(what string) {
		sum, err := Digest(spec)
		require.NoError(t, err)
		again, err := Digest(spec)
		require.NoError(t, err)
		require.Equal(t, sum, again)
		require.NotContains(t, seen, sum, what)
		seen[sum] = what
	}
	note("as it was")
	write("lib/a.sh", "b", 0o600)
	note("another content")
	require.NoError(t, os.Rename(filepath.Join(dir, "lib/a.sh"), filepath.Join(dir, "lib/b.sh")))
	note("another name")
	write("lib/b.sh", "b", 0o700)
	note("executable")
	write("empty", "", 0o600)
	note("one more")
	require.NoError(t, os.Symlink("lib/b.sh", filepath.Join(dir, "link")))
	note("a link within")

	h, _ := testHost(t, Config{})
	spec.SHA256, _ = Digest(spec)
	p := h.Process(spec)
	configure(t, p, 1, `{}`)
	require.Equal(t, "script", mustCall(t, p, "version", nil))

	// In a plugin directory: the script alone is pinned beside the element's own directory.
	plugins := t.TempDir()
	spec.Path, spec.SHA256 = filepath.Join(plugins, "main.sh"), ""
	require.NoError(t, os.WriteFile(spec.Path, []byte("exec "+hostile+" version=bare"), 0o600))
	note("elsewhere")
	spec.SHA256, _ = Digest(spec)
	spec.Type = "test.Bare.Hostile"
	p = h.Process(spec)
	require.NoError(t, os.WriteFile(filepath.Join(plugins, "other"), nil, 0o600))
	configure(t, p, 1, `{}`)
	require.Equal(t, "bare", mustCall(t, p, "version", nil))
	require.NoError(t, os.WriteFile(spec.Path, []byte("exec "+hostile+" version=other"), 0o600))
	note("another script elsewhere")

	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "out")))
	_, err := Digest(spec)
	require.ErrorContains(t, err, "a link out of")
}

func TestTCPComesWithTLS(t *testing.T) {
	h, _ := testHost(t, Config{})
	spec := hostileSpec()
	spec.TCP = true
	p := h.Process(spec)
	configure(t, p, 1, `{}`)
	require.JSONEq(t, `{"a":"b"}`, mustCall(t, p, "echo", map[string]string{"a": "b"}))
	require.Contains(t, mustCall(t, p, "env", nil), "PLUGIN_CLIENT_CERT")
}

func TestLongTempDirIsPassedOver(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	require.NoError(t, os.MkdirAll(long, 0o700))
	h, _ := testHost(t, Config{TempDir: long})
	p := h.Process(hostileSpec())
	require.NoError(t, p.Start(testContext(t)))
	info, err := os.Stat(h.dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	left, err := os.ReadDir(long)
	require.NoError(t, err)
	require.Empty(t, left)
}
