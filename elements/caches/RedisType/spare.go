package redistype

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

const (
	// spares are how many connections wait for steps to be taken back, and warmEvery
	// how often they are tried; warmSoon, when one was broken.
	spares    = 8
	warmEvery = 10 * time.Second
	warmSoon  = 200 * time.Millisecond
)

// spare makes the client by which steps are taken back. A connection costs answers
// before the first request can go out, and it is when answers get lost that there is
// something to take back: these have had theirs.
func spare(o redis.UniversalOptions) redis.UniversalClient {
	o.PoolSize = spares
	o.ConnMaxIdleTime = -1
	return redis.NewUniversalClient(&o)
}

// keepWarm keeps the spare connections open until ctx ends.
func (s *Store) keepWarm(ctx context.Context) {
	for soon := warmSoon; ; {
		pause := warmEvery
		if s.warm(ctx) != nil {
			pause, soon = soon, min(2*soon, time.Second)
		} else {
			soon = warmSoon
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.cooled:
			timer.Stop()
			if !rest(ctx, warmSoon) {
				return
			}
		case <-timer.C:
		}
	}
}

// warm uses as many connections at once as there are, where the server answers:
// else it would cost those that are left.
func (s *Store) warm(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return err
	}
	var all errgroup.Group
	for range spares {
		all.Go(func() error { return s.back.Ping(ctx).Err() })
	}
	return all.Wait()
}

// tellOnce sends a script whole by a spare connection, and says whether it was
// answered: when it wasn't, it has most likely run all the same, and the connections
// that are left are for others.
func (s *Store) tellOnce(ctx context.Context, script *redis.Script, keys []string, a *args) bool {
	if script.Eval(ctx, s.back, keys, a.list...).Err() == nil {
		return true
	}
	select {
	case s.cooled <- struct{}{}:
	default:
	}
	return false
}
