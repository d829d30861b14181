package sqlitetype

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/databasestest"
	"github.com/lintel-run/lintel/elements/internal/sqlitefile"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func openIn(t testing.TB, dir, app, config string) *Database {
	t.Helper()
	i, err := element.BuiltinOf(Name).Open(t.Context(), element.Env{AppID: app, DataDir: dir}, json.RawMessage(config))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	return i.(*Database)
}

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	databasestest.Run(t, func(t *testing.T, app string) databases.Directory { return openIn(t, dir, app, `{}`) })
}

func TestPathStaysBelowTheDataDirectory(t *testing.T) {
	for _, path := range []string{"../x.db", "/tmp/x.db", "a/../../x.db", ""} {
		config, err := json.Marshal(map[string]string{"path": path})
		require.NoError(t, err)
		_, err = element.BuiltinOf(Name).Open(t.Context(), element.Env{AppID: "a", DataDir: t.TempDir()}, config)
		require.ErrorIs(t, err, errcode.Params, path)
	}
	dir, outside := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link")))
	d := openIn(t, dir, "a", `{"path": "link/x.db"}`)
	require.ErrorIs(t, d.Ready(t.Context()), databases.ErrUnavailable)
	require.NoFileExists(t, filepath.Join(outside, "x.db"))
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a b?#%", "x.db")
	d := openIn(t, dir, "a", `{"path": "a b?#%/x.db"}`)
	require.NoFileExists(t, path, "the first use creates it")
	require.NoError(t, d.Ready(t.Context()))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	require.NoError(t, os.Chmod(path, 0o644))
	require.NoError(t, openIn(t, dir, "a", `{"path": "a b?#%/x.db"}`).Ready(t.Context()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestStartIsQuick(t *testing.T) {
	dir := t.TempDir()
	first := time.Now()
	require.NoError(t, openIn(t, dir, "a", `{}`).Ready(t.Context()))
	t.Logf("with all migrations: %v", time.Since(first))
	second := time.Now()
	require.NoError(t, openIn(t, dir, "a", `{}`).Ready(t.Context()))
	t.Logf("with none: %v", time.Since(second))
}

// TestProcessesShareTheFile runs this test binary again, several times at once,
// on an empty data directory.
func TestProcessesShareTheFile(t *testing.T) {
	const (
		dirVariable = "SQLITETYPE_SHARED_DIR"
		processes   = 4
		guesses     = 25
	)
	if dir := os.Getenv(dirVariable); dir != "" {
		d := openIn(t, dir, "a", `{}`)
		require.Eventually(t, func() bool { return d.Ready(t.Context()) == nil }, 60*time.Second, 10*time.Millisecond)
		for range guesses {
			_, err := d.WrongTestGuess(t.Context(), "entry")
			require.NoError(t, err)
		}
		n := databases.NewUser{ID: fmt.Sprint(os.Getpid()), Phone: "+8613800138000"}
		if _, err := d.CreateUser(t.Context(), n, databases.Use{ID: n.ID, Request: n.ID}); err != nil {
			require.ErrorIs(t, err, databases.ErrPhoneInUse)
		}
		return
	}
	dir := t.TempDir()
	var running []*exec.Cmd
	for range processes {
		c := exec.Command(os.Args[0], "-test.run=^TestProcessesShareTheFile$")
		c.Env = append(os.Environ(), dirVariable+"="+dir)
		c.Stderr, c.Stdout = os.Stderr, os.Stderr
		require.NoError(t, c.Start())
		running = append(running, c)
	}
	for _, c := range running {
		require.NoError(t, c.Wait())
	}
	d := openIn(t, dir, "a", `{}`)
	n, err := d.WrongTestGuesses(t.Context(), "entry")
	require.NoError(t, err)
	require.Equal(t, processes*guesses, n)
	_, err = d.UserByPhone(t.Context(), "+8613800138000")
	require.NoError(t, err)
}

func TestAnotherProcessHoldsTheFile(t *testing.T) {
	dir := t.TempDir()
	d, other := openIn(t, dir, "a", `{}`), otherEngine(t, dir)
	require.NoError(t, d.Ready(t.Context()))
	require.NoError(t, other.open())
	defer func() { require.NoError(t, other.Close()) }()
	tx, err := other.writes.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	watch := pace.Start(t)
	_, err = d.WrongTestGuess(t.Context(), "entry")
	require.ErrorIs(t, err, databases.ErrUnavailable)
	watch.Within(t, time.Second)
	n := databases.NewUser{ID: "u", Phone: "+8613800138000"}
	_, err = d.CreateUser(t.Context(), n, databases.Use{ID: "c", Request: "r"})
	require.ErrorIs(t, err, databases.ErrUnavailable)
	require.ErrorIs(t, err, databases.ErrNotMade)
	_, err = d.WrongTestGuesses(t.Context(), "entry")
	require.NoError(t, err, "a reader doesn't wait")
	require.NoError(t, tx.Rollback())
	_, err = d.UserByPhone(t.Context(), n.Phone)
	require.ErrorIs(t, err, databases.ErrNotFound)
	wrong, err := d.WrongTestGuess(t.Context(), "entry")
	require.NoError(t, err)
	require.Equal(t, 1, wrong)
}

func otherEngine(t *testing.T, dir string) *engine {
	file, err := sqlitefile.New(dir, "lintel.db")
	require.NoError(t, err)
	return &engine{file: file}
}
