package adminsocket_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/cmd/lintel/internal/adminsocket"
)

func listen(t *testing.T, dir string) *adminsocket.Listener {
	l, err := adminsocket.Listen(dir)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func TestTheSocketIsForItsOwnerOnlyAndGoesWithTheListener(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := listen(t, dir)
	require.Equal(t, filepath.Join(dir, adminsocket.Name), l.Path())
	info, err := os.Lstat(l.Path())
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, info.Mode())
	conn, err := adminsocket.Dial(t.Context(), l.Path())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Equal(t, []string{l.Path()}, adminsocket.Find(dir))

	require.NoError(t, l.Close())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Empty(t, adminsocket.Find(dir))
}

func TestASecondProcessTakesANameOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	first, second := listen(t, dir), listen(t, dir)
	require.Equal(t, fmt.Sprintf("admin-%d.sock", os.Getpid()), filepath.Base(second.Path()))
	require.Equal(t, []string{first.Path(), second.Path()}, adminsocket.Find(dir))
}

func TestStaleSocketsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{adminsocket.Name, "admin-1.sock"} {
		dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, name), Net: "unix"})
		require.NoError(t, err)
		dead.SetUnlinkOnClose(false)
		require.NoError(t, dead.Close())
	}
	l := listen(t, dir)
	require.Equal(t, adminsocket.Name, filepath.Base(l.Path()))
	require.NoFileExists(t, filepath.Join(dir, "admin-1.sock"))
}

func TestCloseLeavesAnothersSocketAlone(t *testing.T) {
	dir := t.TempDir()
	first := listen(t, dir)
	require.NoError(t, os.Remove(first.Path()))
	second := listen(t, dir)
	require.Equal(t, first.Path(), second.Path())
	require.NoError(t, first.Close())
	require.Equal(t, []string{second.Path()}, adminsocket.Find(dir))
}

func TestALongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	l, err := adminsocket.Listen(dir)
	if runtime.GOOS != "linux" {
		require.ErrorContains(t, err, "--admin")
		return
	}
	require.NoError(t, err)
	defer l.Close()
	require.Equal(t, []string{l.Path()}, adminsocket.Find(dir))
}

func TestListenAtRefusesWhatIsInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := adminsocket.ListenAt(path)
	require.NoError(t, err)
	defer l.Close()
	_, err = adminsocket.ListenAt(path)
	require.ErrorContains(t, err, "another process")
	other := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	_, err = adminsocket.ListenAt(other)
	require.ErrorContains(t, err, "another file")
	require.FileExists(t, other)
}
