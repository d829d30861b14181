// Package clients_test runs the cases that all clients share against a running app.
package clients_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

func TestEveryClientDoesTheGoldenCases(t *testing.T) {
	s := blackbox.Example(t).Serve()
	clients := filepath.Join(blackbox.Root(), "clients")
	for name, command := range map[string][]string{
		"js":     {"node", filepath.Join(clients, "js", "golden.mjs")},
		"python": {"python3", "-B", filepath.Join(clients, "python", "golden.py")},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skipf("%s is not installed", command[0])
			}
			phone, _ := blackbox.Phone()
			other, _ := blackbox.Phone()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			args := append(append([]string{}, command[1:]...), s.URL, phone, other)
			out, err := exec.CommandContext(ctx, command[0], args...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "steps")
		})
	}
}
