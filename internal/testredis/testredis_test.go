package testredis

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func TestServerAnswersAndComesBack(t *testing.T) {
	s := Start(t)
	ctx := context.Background()
	c := s.Client()
	require.NoError(t, c.Set(ctx, "k", "v", 0).Err())
	s.Stop()
	require.Error(t, c.Ping(ctx).Err())
	s.Start()
	require.NoError(t, c.Ping(ctx).Err())
}

func TestSentinelKnowsThePrimary(t *testing.T) {
	s := StartSentinel(t)
	c := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: s.MasterName, SentinelAddrs: s.Addrs})
	defer func() { _ = c.Close() }()
	require.NoError(t, c.Set(context.Background(), "k", "v", 0).Err())
}

func TestClusterServesEverySlot(t *testing.T) {
	s := StartCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: s.Addrs})
	defer func() { _ = c.Close() }()
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		require.NoError(t, c.Set(context.Background(), key, "v", 0).Err())
	}
}
