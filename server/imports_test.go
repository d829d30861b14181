package server

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/lintel-run/lintel/"

// forbidden are the packages of this module that a layer doesn't import, tests
// aside. Whatever begins with an entry is meant.
var forbidden = map[string][]string{
	// The server knows no family, no page and no store.
	"server": {"elements", "web", "cmd"},
	// The contract knows neither the server nor whoever implements it.
	"server/extension": {"elements", "web", "cmd", "server/"},
	// The pages know the contract, not the server; families only by calls.
	"web": {"elements", "cmd", "server", "plugins/sdk"},
}

// allowed are exceptions from forbidden.
var allowed = map[string]string{"web": "server/extension"}

func TestLayersImportOnlyWhatTheyKnow(t *testing.T) {
	for layer, list := range forbidden {
		out, err := exec.Command("go", "list", "-json=Imports", module+layer).Output()
		require.NoError(t, err)
		var pkg struct{ Imports []string }
		require.NoError(t, json.Unmarshal(out, &pkg))
		for _, path := range pkg.Imports {
			path, ours := strings.CutPrefix(path, module)
			if !ours || path == allowed[layer] {
				continue
			}
			for _, prefix := range list {
				require.False(t, strings.HasPrefix(path, prefix), "%s imports %s", layer, path)
			}
		}
	}
}
