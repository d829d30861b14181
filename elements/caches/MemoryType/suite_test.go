package memorytype

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/lintel-run/lintel/elements/caches/cachestest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	cachestest.Run(t, func(t testing.TB) cachestest.Opened {
		var offset atomic.Int64
		s := newStore(Config{}, func() int64 { return time.Now().UnixMilli() + offset.Load() })
		t.Cleanup(func() { _ = s.Close() })
		return cachestest.Opened{Store: s, Advance: func(d time.Duration) { offset.Add(d.Milliseconds()) }}
	}, cachestest.Options{})
}
