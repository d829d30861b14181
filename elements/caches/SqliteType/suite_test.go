package sqlitetype

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/cachestest"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestSqliteKeepsTheContract(t *testing.T) {
	cachestest.Run(t, func(t testing.TB) cachestest.Opened {
		var clock atomic.Int64
		clock.Store(wall())
		dir := t.TempDir()
		stores := make([]caches.Store, 0, 3)
		for range cap(stores) {
			stores = append(stores, openStore(t, dir, clock.Load))
		}
		return cachestest.Opened{
			Store: stores[0], Others: stores[1:],
			Advance: func(d time.Duration) { clock.Add(d.Milliseconds()) },
		}
	}, cachestest.Options{})
}

func openStore(t testing.TB, dir string, now func() int64) *Store {
	t.Helper()
	s, err := newStore(element.Env{DataDir: dir}, Config{Path: "caches.db"}, now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
