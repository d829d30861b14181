package pace

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// failing is a test that notes a failure.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper()               {}
func (f *failing) Errorf(string, ...any) { f.failed = true }

func TestABoundHoldsAndIsStretchedByWhatWorkTakesLonger(t *testing.T) {
	w := Start(t)
	f := &failing{TB: t}
	require.True(t, w.Within(f, time.Hour))
	require.False(t, f.failed)
	time.Sleep(20 * time.Millisecond)
	require.False(t, w.Within(f, time.Microsecond))
	require.True(t, f.failed, "no machine is this slow")

	for name, row := range map[string]struct {
		from, now totals
		want      float64
	}{
		"nothing measured": {totals{time.Second, time.Millisecond, 5}, totals{time.Second, time.Millisecond, 5}, 1},
		"as before":        {totals{5 * time.Millisecond, time.Millisecond, 5}, totals{10 * time.Millisecond, time.Millisecond, 10}, 1},
		"four times":       {totals{5 * time.Millisecond, time.Millisecond, 5}, totals{25 * time.Millisecond, time.Millisecond, 10}, 4},
	} {
		require.InDelta(t, row.want, slowness(row.from, row.now), 0.01, name)
	}
}

func TestABusyMachineStretchesABound(t *testing.T) {
	w := Start(t)
	var done atomic.Bool
	var loops sync.WaitGroup
	defer loops.Wait()
	defer done.Store(true)
	for range 8 * runtime.GOMAXPROCS(0) {
		loops.Go(func() {
			for !done.Load() {
			}
		})
	}
	for w.Stretched(time.Second) < 2*time.Second {
		time.Sleep(10 * time.Millisecond)
	}
}
