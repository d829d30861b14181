// Package docs_test checks the documentation.
package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	list := exec.CommandContext(t.Context(), "git", "ls-files", "*.md")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	for name := range strings.FieldsSeq(string(out)) {
		text, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(match[1], ":") {
				continue // another site
			}
			_, err := os.Stat(filepath.Join("..", filepath.Dir(name), match[1]))
			require.NoError(t, err, "%s links to %s", name, match[1])
		}
	}
}
