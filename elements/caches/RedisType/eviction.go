package redistype

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const evictionPause = 5 * time.Second

// checkEviction warns if the server may drop keys that have not expired: cooldowns and
// used codes would be forgotten. It waits until the server replies.
func (s *Store) checkEviction(ctx context.Context) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, evictionPause) {
		found, err := s.eviction(ctx)
		switch {
		case err == nil && found != "":
			s.log.Warn("Redis may drop keys before they expire: set maxmemory-policy to noeviction", "maxmemory_policy", found)
			return
		case err == nil:
			return
		}
		if again, _ := classify(err); !again {
			if ctx.Err() == nil {
				s.log.Warn("whether Redis may drop keys before they expire couldn't be checked: CONFIG GET was refused")
			}
			return
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// eviction returns the policy by which a server drops keys. It is empty if none does.
func (s *Store) eviction(ctx context.Context) (policy string, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return evictionOf(ctx, s.client)
	}
	found := make(chan string, 1)
	err = cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		policy, err := evictionOf(ctx, c)
		if policy != "" {
			select {
			case found <- policy:
			default:
			}
		}
		return err
	})
	select {
	case policy = <-found:
		return policy, nil
	default:
		return "", err
	}
}

// evictionOf goes by the policy alone, since maxmemory can be set while the server runs.
func evictionOf(ctx context.Context, c redis.Cmdable) (string, error) {
	config, err := c.ConfigGet(ctx, "maxmemory-policy").Result()
	if err != nil {
		return "", err
	}
	policy := strings.ToLower(config["maxmemory-policy"])
	if policy == "noeviction" {
		return "", nil
	}
	return policy, nil
}
