package plugin

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatAPluginPrintsCanNotHurtTheHost(t *testing.T) {
	flooded := filepath.Join(t.TempDir(), "flooded")
	p, log := testProcess(t, "flood="+flooded)
	configure(t, p, 1, `{}`)
	// Megabytes without a newline on the real stdout don't block the writer.
	eventually(t, "the plugin has written its megabytes", func() bool { return exists(flooded) })
	// Lines come for ever on stderr, and calls go on.
	for range 100 {
		mustCall(t, p, "echo", nil)
	}
	eventually(t, "the drop is logged", func() bool { return strings.Contains(log.String(), "plugin output dropped") })
	size := len(log.String())
	time.Sleep(200 * time.Millisecond)
	require.Less(t, len(log.String())-size, 1<<20, "the log is not flooded")
	lines := p.State().LastLines
	require.Len(t, lines, 64)
	for _, line := range lines {
		require.LessOrEqual(t, len(line), 1100)
	}
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		require.True(t, json.Valid([]byte(line)))
		require.NotContains(t, line, `\u001b`)
	}
	require.Contains(t, log.String(), "forged")
}

func TestPrintingThroughTheStandardLibraryReachesTheLog(t *testing.T) {
	p, log := testProcess(t)
	configure(t, p, 1, `{}`)
	mustCall(t, p, "print", nil)
	eventually(t, "both lines are logged", func() bool {
		return strings.Contains(log.String(), "to stdout by os.Stdout") && strings.Contains(log.String(), "to stderr by os.Stderr")
	})
}

func TestPanicBeyondACallIsReported(t *testing.T) {
	p, log := testProcess(t)
	configure(t, p, 1, `{}`)
	_, err := call(testContext(t), p, "crash", nil)
	requireOutcome(t, err, "unknown")
	mustCall(t, p, "echo", nil)
	require.Contains(t, log.String(), "panic: beyond recovery")
	require.Contains(t, p.State().LastError, "exit status 2")
}

func TestEnvironment(t *testing.T) {
	t.Setenv("LINTEL_SECRET", "of the host")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of the host")
	h, _ := testHost(t, Config{})
	spec := hostileSpec()
	spec.Env = []string{"ASKED=yes"}
	p := h.Process(spec)
	configure(t, p, 1, `{}`)
	env := mustCall(t, p, "env", nil)
	require.NotContains(t, env, "of the host")
	var names []string
	for _, line := range strings.Split(env, "\n") {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	require.ElementsMatch(t, []string{
		"ASKED", "TMPDIR", "LINTEL_HOST_ADDR", "LINTEL_HOST_TOKEN", "LINTEL_LIFELINE_FD", "LINTEL_LOG_LEVEL", "LINTEL_PLUGIN",
		"PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR",
	}, names)
	require.Equal(t, "0 EOF", mustCall(t, p, "stdin", nil))

	spec.Interpreter, spec.Path = "sh", filepath.Join(t.TempDir(), "run.sh")
	require.NoError(t, os.WriteFile(spec.Path, []byte("exec "+hostile), 0o600))
	spec.Type = "test.Other.Hostile"
	p = h.Process(spec)
	configure(t, p, 1, `{}`)
	env = mustCall(t, p, "env", nil)
	require.NotContains(t, env, "of the host")
	require.Contains(t, env, "PATH=/usr/local/bin:/usr/bin:/bin\n")
	require.Contains(t, env, "PYTHONDONTWRITEBYTECODE=1")
}
