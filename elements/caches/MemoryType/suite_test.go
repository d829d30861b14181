package memorytype

import (
	"testing"

	"github.com/lintel-run/lintel/elements/caches/cachestest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	cachestest.Run(t, func(t testing.TB) cachestest.Opened {
		clock := cachestest.NewClock()
		s := NewAt(Config{}, clock.Now)
		t.Cleanup(func() { _ = s.Close() })
		return cachestest.Opened{Store: s, Advance: clock.Advance}
	}, cachestest.Options{})
}
