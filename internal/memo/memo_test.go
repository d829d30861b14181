package memo

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCallersShareALookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		m := New(time.Second, time.Minute, func(_ context.Context, key int) (string, error) {
			asked.Add(1)
			time.Sleep(100 * time.Millisecond)
			return strconv.Itoa(key), nil
		})
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				got, err := m.Get(t.Context(), i%2)
				require.NoError(t, err)
				require.Equal(t, strconv.Itoa(i%2), got)
			})
		}
		all.Wait()
		require.EqualValues(t, 2, asked.Load())
		time.Sleep(899 * time.Millisecond)
		_, _ = m.Get(t.Context(), 0)
		require.EqualValues(t, 2, asked.Load(), "it counts from when it was asked")
		time.Sleep(time.Millisecond)
		_, _ = m.Get(t.Context(), 0)
		require.EqualValues(t, 3, asked.Load())
		m.Forget(0)
		_, _ = m.Get(t.Context(), 0)
		require.EqualValues(t, 4, asked.Load())
		time.Sleep(11 * time.Second)
		_, _ = m.Get(t.Context(), 2)
		require.Len(t, m.known, 1, "expired results are swept")
	})
}

func TestAnErrorIsNotRemembered(t *testing.T) {
	fails := errors.New("away")
	var err error
	m := New(time.Hour, time.Minute, func(context.Context, int) (int, error) { return 1, err })
	err = fails
	_, got := m.Get(t.Context(), 1)
	require.ErrorIs(t, got, fails)
	err = nil
	_, got = m.Get(t.Context(), 1)
	require.NoError(t, got)
}

func TestALookUpDoesntEndWithWhoBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(time.Second, 3*time.Second, func(ctx context.Context, _ int) (int, error) {
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Second / 2):
				return 1, nil
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = m.Get(ctx, 1) }()
		synctest.Wait()
		cancel()
		impatient, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		_, err := m.Get(impatient, 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		got, err := m.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 1, got)
	})
}

func TestAPanicFailsWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(time.Second, time.Second, func(context.Context, int) (int, error) {
			time.Sleep(time.Millisecond)
			panic("on purpose")
		})
		go func() {
			defer func() { _ = recover() }()
			_, _ = m.Get(t.Context(), 1)
		}()
		synctest.Wait()
		_, err := m.Get(t.Context(), 1)
		require.ErrorIs(t, err, context.Canceled)
	})
}
