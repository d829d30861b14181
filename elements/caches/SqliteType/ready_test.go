package sqlitetype

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/internal/testdisk"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestAFullDiskIsNotReadyUntilThereIsSpace(t *testing.T) {
	disk := testdisk.New(t)
	s := openStore(t, disk.Dir, wall)
	require.NoError(t, s.Ready(ctx))
	disk.Fill()
	var err error
	for i := 0; err == nil && i < 100_000; i++ {
		_, err = s.Reserve(ctx, reserveOf(fmt.Sprint("full", i)))
	}
	require.ErrorContains(t, err, "the disk is full")
	err = s.Ready(ctx)
	require.ErrorIs(t, err, caches.ErrUnavailable)
	require.ErrorContains(t, err, "the disk is full")
	require.NotErrorIs(t, err, element.ErrMisconfigured)
	require.NotContains(t, err.Error(), disk.Dir)
	disk.Free()
	require.Eventually(t, func() bool { return s.Ready(ctx) == nil }, 20*time.Second, 20*time.Millisecond)
	_, err = s.Reserve(ctx, reserveOf("again"))
	require.NoError(t, err)
}

// Before its first write, too: nobody has to lose a request to find out.
func TestAnIdleStoreOnAFullDiskIsNotReady(t *testing.T) {
	disk := testdisk.New(t)
	s := openStore(t, disk.Dir, wall)
	require.NoError(t, s.Ready(ctx))
	disk.Fill()
	require.Eventually(t, func() bool { return s.Ready(ctx) != nil }, 20*time.Second, 20*time.Millisecond)
	require.ErrorContains(t, s.Ready(ctx), "the disk is full")
}

func TestAReadOnlyDiskIsRefused(t *testing.T) {
	for _, path := range []string{"new.db", "old.db"} {
		disk := testdisk.New(t)
		require.NoError(t, os.WriteFile(filepath.Join(disk.Dir, "old.db"), nil, 0o600))
		require.NoError(t, disk.ReadOnly(true))
		s, err := NewAt(element.Env{DataDir: disk.Dir}, Config{Path: path}, wall)
		require.NoError(t, err)
		err = s.Ready(ctx)
		require.NoError(t, s.Close())
		require.ErrorIs(t, err, element.ErrMisconfigured)
		require.ErrorIs(t, err, caches.ErrUnavailable)
		require.ErrorContains(t, err, "read-only")
	}
}

// lose takes a store's files away in one of the ways of deployments.
var lose = map[string]struct {
	do, undo func(t *testing.T, dir string)
	names    string
}{
	"the directory is moved away": {
		do:   func(t *testing.T, dir string) { require.NoError(t, os.Rename(dir, dir+".old")) },
		undo: func(t *testing.T, dir string) { require.NoError(t, os.Rename(dir+".old", dir)) }, names: "the data directory data was removed",
	},
	"another directory is in its place": {
		do: func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(dir, dir+".old"))
			require.NoError(t, os.Mkdir(dir, 0o700))
		},
		undo: func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(dir))
			require.NoError(t, os.Rename(dir+".old", dir))
		}, names: "data/caches.db was removed",
	},
	"the file is replaced": {
		do: func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(filepath.Join(dir, "caches.db"), filepath.Join(dir, "old")))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "caches.db"), nil, 0o600))
		},
		undo: func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(filepath.Join(dir, "old"), filepath.Join(dir, "caches.db")))
		}, names: "data/caches.db was replaced",
	},
	"the log of writes is removed": {
		do: func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(filepath.Join(dir, "caches.db-wal"), filepath.Join(dir, "old")))
		},
		undo: func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(filepath.Join(dir, "old"), filepath.Join(dir, "caches.db-wal")))
		}, names: "data/caches.db-wal was removed",
	},
}

func TestFilesThatAreTakenAwayAreNoticedAndNotMadeAnew(t *testing.T) {
	for name, away := range lose {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			s := openStore(t, dir, wall)
			_, err := s.Reserve(ctx, reserveOf("before"))
			require.NoError(t, err)
			away.do(t, dir)
			for range 3 {
				_, err = s.Reserve(ctx, reserveOf("meanwhile"))
				require.ErrorIs(t, err, caches.ErrUnavailable)
				require.ErrorContains(t, err, away.names)
				require.ErrorContains(t, s.Ready(ctx), away.names)
			}
			other := openStore(t, dir, wall) // as after a changed configuration
			require.ErrorIs(t, other.Ready(ctx), caches.ErrUnavailable, "nothing is made anew")
			away.undo(t, dir)
			require.NoError(t, s.Ready(ctx))
			again := reserveOf("before")
			again.Request = "another"
			got, err := s.Reserve(ctx, again)
			require.NoError(t, err)
			require.Equal(t, caches.Cooldown, got.Outcome, "what was there is there")
			require.NoError(t, other.Ready(ctx))
		})
	}
}
