package figure

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Spend calls f n times in all from concurrent callers, for a minute at most, and
// returns how long that took. An error ends its caller and fails the benchmark.
func Spend(b *testing.B, callers, n int, f func(context.Context) error) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	began := time.Now()
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}
