package redistype

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

// readyKeys is how many keys a check tries, to find one of each node of a Cluster.
const readyKeys = 256

func readyKey(i int) string { return tag("ready"+strconv.Itoa(i)) + "r" }

// Ready returns an error if the server can't be written, or if one of a Cluster's can't.
// It has connections of its own, so it doesn't wait for other operations.
func (s *Store) Ready(ctx context.Context) error {
	cluster, ok := s.undoClient.(*redis.ClusterClient)
	if !ok {
		// A node of a Cluster refuses two keys of different slots.
		return s.ready(ctx, s.undoClient, readyKey(0), readyKey(1))
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	nodes := make(map[*redis.Client]string)
	for i := range readyKeys {
		node, err := cluster.MasterForKey(ctx, readyKey(i))
		if err != nil {
			return failed(err)
		}
		if _, known := nodes[node]; !known {
			nodes[node] = readyKey(i)
		}
	}
	var group errgroup.Group
	for _, key := range nodes {
		group.Go(func() error { return s.ready(ctx, cluster, key) })
	}
	return group.Wait()
}

func (s *Store) ready(ctx context.Context, client redis.Scripter, keys ...string) error {
	_, err := retry(ctx, func(ctx context.Context) *redis.Cmd {
		return readyScript.Run(ctx, client, keys, s.args(0).list...)
	})
	return err
}
