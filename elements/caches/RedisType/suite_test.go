package redistype

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/cachestest"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestRedisKeepsTheContract(t *testing.T) {
	server := testredis.Start(t)
	cachestest.Run(t, opened(Config{URL: server.URL()}), cachestest.Options{})
	keysExpire(t, server)
}

func TestSentinelKeepsTheContract(t *testing.T) {
	s := testredis.StartSentinel(t)
	cachestest.Run(t, opened(Config{Addrs: s.Addrs, MasterName: s.MasterName}), cachestest.Options{})
	keysExpire(t, s.Primary)
}

func TestClusterKeepsTheContract(t *testing.T) {
	c := testredis.StartCluster(t)
	cachestest.Run(t, opened(Config{Addrs: c.Addrs}), cachestest.Options{SeparateLimits: true})
	for _, s := range c.Servers {
		keysExpire(t, s)
	}
}

// opened returns a function that opens three stores on one server, as in three
// processes.
func opened(c Config) func(testing.TB) cachestest.Opened {
	return func(t testing.TB) cachestest.Opened {
		clock := cachestest.NewClock()
		stores := make([]caches.Store, 0, 3)
		for range cap(stores) {
			s, err := NewAt(element.Env{}, c, clock.Now)
			require.NoError(t, err)
			t.Cleanup(func() { _ = s.Close() })
			stores = append(stores, s)
		}
		return cachestest.Opened{Store: stores[0], Others: stores[1:], Advance: clock.Advance}
	}
}

func openStore(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := New(element.Env{}, c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// keysExpire fails if a key has no expiry.
func keysExpire(t *testing.T, server *testredis.Server) {
	t.Helper()
	c, ctx := server.Client(), context.Background()
	n := 0
	for keys := c.Scan(ctx, 0, "*", 1000).Iterator(); keys.Next(ctx); n++ {
		left, err := c.PTTL(ctx, keys.Val()).Result()
		require.NoError(t, err)
		require.NotEqual(t, time.Duration(-1), left, "a key without expiry")
	}
	require.Positive(t, n)
}
