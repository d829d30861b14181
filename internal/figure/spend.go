package figure

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Spend has callers call f until it has been called n times in all, and gives how long
// that took, a minute at most. An error ends its caller and fails the benchmark.
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
