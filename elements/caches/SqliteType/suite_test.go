package sqlitetype

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/cachestest"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestSqliteKeepsTheContract(t *testing.T) {
	cachestest.Run(t, func(t testing.TB) cachestest.Opened {
		clock := cachestest.NewClock()
		dir := t.TempDir()
		stores := make([]caches.Store, 0, 3)
		for range cap(stores) {
			stores = append(stores, openStore(t, dir, clock.Now))
		}
		return cachestest.Opened{Store: stores[0], Others: stores[1:], Advance: clock.Advance}
	}, cachestest.Options{})
}

func openStore(t testing.TB, dir string, now func() int64) *Store {
	t.Helper()
	s, err := NewAt(element.Env{DataDir: dir}, Config{Path: "caches.db"}, now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
