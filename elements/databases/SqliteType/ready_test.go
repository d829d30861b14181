package sqlitetype

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/internal/testdisk"
	"github.com/lintel-run/lintel/runtime/element"
)

func newUser(i int) databases.NewUser {
	return databases.NewUser{ID: fmt.Sprint("u", i), Phone: fmt.Sprint("p", i), Nick: strings.Repeat("n", 64)}
}

// becomesReady waits for a database, whose migrations may take longer than one call.
func becomesReady(t *testing.T, d *Database) {
	t.Helper()
	var err error
	require.Eventually(t, func() bool { err = d.Ready(t.Context()); return err == nil }, 30*time.Second, 20*time.Millisecond, "%v", &err)
}

func TestAFullDiskIsNotReadyUntilThereIsSpace(t *testing.T) {
	disk := testdisk.New(t)
	d := openIn(t, disk.Dir, "a", `{}`)
	becomesReady(t, d)
	disk.Fill()
	var err error
	n := 0
	for ; err == nil && n < 100_000; n++ {
		_, err = d.CreateUser(t.Context(), newUser(n), databases.Use{})
	}
	require.ErrorContains(t, err, "the disk is full")
	err = d.Ready(t.Context())
	require.ErrorIs(t, err, databases.ErrUnavailable)
	require.ErrorContains(t, err, "the disk is full")
	require.NotErrorIs(t, err, element.ErrMisconfigured)
	require.NotContains(t, err.Error(), disk.Dir)
	disk.Free()
	require.Eventually(t, func() bool { return d.Ready(t.Context()) == nil }, 20*time.Second, 20*time.Millisecond)
	_, err = d.CreateUser(t.Context(), newUser(n), databases.Use{})
	require.NoError(t, err)
}

func TestAnIdleDatabaseOnAFullDiskIsNotReady(t *testing.T) {
	disk := testdisk.New(t)
	d := openIn(t, disk.Dir, "a", `{}`)
	becomesReady(t, d)
	disk.Fill()
	require.Eventually(t, func() bool { return d.Ready(t.Context()) != nil }, 20*time.Second, 20*time.Millisecond)
	require.ErrorContains(t, d.Ready(t.Context()), "the disk is full")
}

// A database that may not grow is as full as a disk.
func TestAFullFileIsNotReady(t *testing.T) {
	d := openIn(t, t.TempDir(), "a", `{}`)
	becomesReady(t, d)
	e := d.engine
	var pages int
	require.NoError(t, e.writes.QueryRow("PRAGMA page_count").Scan(&pages))
	var set int
	require.NoError(t, e.writes.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&set))
	require.NoError(t, e.tests.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&set))
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		_, err = d.CreateUser(t.Context(), newUser(i), databases.Use{})
	}
	require.ErrorContains(t, err, "the disk is full")
	require.ErrorContains(t, d.Ready(t.Context()), "the disk is full")
	require.NoError(t, e.tests.QueryRow("PRAGMA max_page_count = 1000000").Scan(&set))
	require.Eventually(t, func() bool { return d.Ready(t.Context()) == nil }, 20*time.Second, 20*time.Millisecond)
}

func TestAReadOnlyDiskIsRefused(t *testing.T) {
	disk := testdisk.New(t)
	d := openIn(t, disk.Dir, "a", `{}`)
	becomesReady(t, d)
	require.NoError(t, d.Close())
	require.NoError(t, disk.ReadOnly(true))
	err := openIn(t, disk.Dir, "a", `{}`).Ready(t.Context())
	require.ErrorIs(t, err, element.ErrMisconfigured)
	require.ErrorIs(t, err, databases.ErrUnavailable)
	require.ErrorIs(t, openIn(t, disk.Dir, "a", `{"path": "other.db"}`).Ready(t.Context()), element.ErrMisconfigured)
}

func TestFilesThatAreTakenAwayAreNoticedAndNotMadeAnew(t *testing.T) {
	for name, suffix := range map[string]string{"the file": "", "the log of writes": "-wal", "the index of it": "-shm"} {
		for _, replaced := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " replaced=", replaced), func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "data")
				d := openIn(t, dir, "a", `{}`)
				becomesReady(t, d)
				_, err := d.CreateUser(t.Context(), newUser(1), databases.Use{})
				require.NoError(t, err)
				path := filepath.Join(dir, "lintel.db"+suffix)
				require.NoError(t, os.Rename(path, path+".old"))
				what := "data/lintel.db" + suffix + " was removed"
				if replaced {
					require.NoError(t, os.WriteFile(path, nil, 0o600))
					what = "data/lintel.db" + suffix + " was replaced"
				}
				for name, err := range map[string]error{
					"Ready":  d.Ready(t.Context()),
					"change": errorOf(d.CreateUser(t.Context(), newUser(2), databases.Use{})),
					"read":   errorOf(d.User(t.Context(), "u1")),
				} {
					require.ErrorIs(t, err, databases.ErrUnavailable, name)
					require.ErrorContains(t, err, what)
				}
				other := openIn(t, dir, "a", `{}`)
				if suffix == "" {
					require.ErrorIs(t, other.Ready(t.Context()), databases.ErrUnavailable, "nothing is made anew")
				}
				require.NoError(t, os.Rename(path+".old", path))
				becomesReady(t, d)
				user, err := d.User(t.Context(), "u1")
				require.NoError(t, err)
				require.Equal(t, "p1", user.Phone)
			})
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }
