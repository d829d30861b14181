package memorytype

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/lintel-run/lintel/elements/caches/cachestest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	cachestest.Run(t, func(t testing.TB) cachestest.Opened {
		var clock atomic.Int64
		clock.Store(time.Now().UnixMilli())
		s := newStore(Config{}, clock.Load)
		t.Cleanup(func() { _ = s.Close() })
		return cachestest.Opened{Store: s, Advance: func(d time.Duration) { clock.Add(d.Milliseconds()) }}
	}, cachestest.Options{})
}
