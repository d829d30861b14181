package memorytype

import (
	"testing"
	"time"

	"github.com/lintel-run/lintel/elements/caches/cachestest"
)

func BenchmarkMemory(b *testing.B) {
	cachestest.Benchmark(b, func(t testing.TB) cachestest.Opened {
		s := New(Config{MaxEntries: 50_000_000})
		t.Cleanup(func() { _ = s.Close() })
		return cachestest.Opened{Store: s, Advance: func(time.Duration) {}}
	})
}
