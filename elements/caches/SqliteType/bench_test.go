package sqlitetype

import (
	"testing"
	"time"

	"github.com/lintel-run/lintel/elements/caches/cachestest"
)

func BenchmarkSqlite(b *testing.B) {
	cachestest.Benchmark(b, func(t testing.TB) cachestest.Opened {
		return cachestest.Opened{Store: openStore(t, t.TempDir(), wall), Advance: func(time.Duration) {}}
	})
}
