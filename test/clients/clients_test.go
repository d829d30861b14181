// Package clients_test runs the cases of all clients against a running app.
package clients_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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

func TestTheClientsListTheDocumentedErrorCodes(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(blackbox.Root(), filepath.FromSlash(name)))
		require.NoError(t, err)
		return string(text)
	}
	codes := func(pattern, text string) (list []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			list = append(list, m[1])
		}
		return list
	}
	documented := codes("(?m)^\\| `([A-Z_]+)` ", read("docs/errors.md"))
	_, union, _ := strings.Cut(read("clients/js/lintel.d.ts"), "type Code =")
	union, _, _ = strings.Cut(union, ";")
	require.ElementsMatch(t, append(documented, "NETWORK"), codes(`"([A-Z_]+)"`, union))
}
