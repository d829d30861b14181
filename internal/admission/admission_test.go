package admission

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	slots = 4
	wait  = 2 * time.Second
	slow  = 800 * time.Millisecond
)

// crowd sends n through a gate at once. Each is inside for work.
func crowd(g *Gate, n int, work time.Duration) (in int, errs map[error]int, longest time.Duration) {
	errs = make(map[error]int)
	var mu sync.Mutex
	var all sync.WaitGroup
	begun := time.Now()
	for range n {
		all.Go(func() {
			leave, err := g.Enter(context.Background())
			mu.Lock()
			if err != nil {
				errs[err]++
			} else {
				in++
			}
			longest = max(longest, time.Since(begun))
			mu.Unlock()
			if err == nil {
				time.Sleep(work)
				leave()
				leave()
			}
		})
	}
	all.Wait()
	return in, errs, longest
}

func TestACrowdThatCanBeServedInTimeIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(slots, wait, slow)
		in, errs, longest := crowd(g, 400, 10*time.Millisecond) // a second's work
		require.Equal(t, 400, in, "%v", errs)
		require.LessOrEqual(t, longest, time.Second)
		require.Zero(t, g.inside)
		require.Zero(t, g.queue.Len())
	})
}

func TestWhoWouldWaitForTooLongIsTurnedAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(slots, wait, slow)
		_, _, _ = crowd(g, 400, 10*time.Millisecond) // it learns
		begun := time.Now()
		var turnedAway time.Duration
		var mu sync.Mutex
		var all sync.WaitGroup
		var in, out int
		for range 4000 {
			all.Go(func() {
				leave, err := g.Enter(t.Context())
				mu.Lock()
				if err != nil {
					out++
					turnedAway = max(turnedAway, time.Since(begun))
				} else {
					in++
				}
				mu.Unlock()
				if err == nil {
					time.Sleep(10 * time.Millisecond)
					leave()
				}
			})
		}
		all.Wait()
		require.InDelta(t, int(wait/(10*time.Millisecond))*slots, in, 40*slots)
		require.Equal(t, 4000, in+out)
		require.Zero(t, turnedAway, "at once")
	})
}

func TestAnOutageTurnsAwayWhoWaitsAndLetsAllTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(slots, wait, slow)
		_, _, _ = crowd(g, 8, 10*time.Millisecond)
		in, errs, longest := crowd(g, 100, 850*time.Millisecond)
		require.Equal(t, slots, in)
		require.Equal(t, 100-slots, errs[ErrOutage])
		require.Less(t, longest, time.Second, "an outage never queues them")
		in, _, longest = crowd(g, 100, 850*time.Millisecond)
		require.Equal(t, 100, in)
		require.Zero(t, longest)
		in, _, _ = crowd(g, 1, time.Millisecond)
		require.Equal(t, 1, in)
		in, _, longest = crowd(g, 100, 10*time.Millisecond)
		require.Equal(t, 100, in)
		require.Positive(t, longest, "they queue again")
	})
}

func TestOneThatIsSlowBesideOthersIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(slots, wait, slow)
		leave, err := g.Enter(t.Context())
		require.NoError(t, err)
		time.AfterFunc(slow, leave)
		in, errs, _ := crowd(g, 400, 10*time.Millisecond)
		require.Equal(t, 400, in, "%v", errs)
	})
}

func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(1, wait, slow)
		leave, err := g.Enter(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = g.Enter(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = g.Enter(t.Context())
		require.ErrorIs(t, err, ErrBusy, "after the longest wait")
		require.Zero(t, g.queue.Len())
		leave()
		leave, err = g.Enter(t.Context())
		require.NoError(t, err)
		leave()
	})
}
