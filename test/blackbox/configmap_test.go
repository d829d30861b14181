package blackbox_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// mount copies an app to dir as Kubernetes mounts a projected volume, and switches to it.
func mount(t *testing.T, app *blackbox.App, dir string, version int) {
	t.Helper()
	data := fmt.Sprintf("..%d", version)
	require.NoError(t, os.CopyFS(filepath.Join(dir, data), os.DirFS(app.Dir)))
	require.NoError(t, os.Symlink(data, filepath.Join(dir, "..data_tmp")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	entries, err := fs.ReadDir(os.DirFS(app.Dir), ".")
	require.NoError(t, err)
	for _, entry := range entries {
		if _, err := os.Lstat(filepath.Join(dir, entry.Name())); err != nil {
			require.NoError(t, os.Symlink("..data/"+entry.Name(), filepath.Join(dir, entry.Name())))
		}
	}
	require.NoError(t, os.RemoveAll(filepath.Join(dir, fmt.Sprintf("..%d", version-1))))
}

// An app that is a projected volume serves, and a switch of the volume is seen.
func TestAnAppInAProjectedVolume(t *testing.T) {
	t.Parallel()
	written := blackbox.Example(t)
	dir := t.TempDir()
	mount(t, written, dir, 1)
	out := blackbox.Lintel(t, t.TempDir(), nil, "validate", dir, "--dev")
	require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)

	mounted := *written
	mounted.Dir = dir
	s := mounted.Serve(blackbox.Start{Args: []string{"--data", t.TempDir()}})
	s.Register()
	written.SetLogin(map[string]any{"resendInterval": 77})
	mount(t, written, dir, 2)
	blackbox.Eventually(t, 30*time.Second, "the switch is seen", func() bool {
		spelt, _ := blackbox.Phone()
		return s.Client().Send(spelt).OK(t)["resendAfter"] == 77.0
	})
	s.Register()
}
