package redistype

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

const (
	// undoConnections are kept open for undos. They are tried every pingEvery, and after
	// pingSoon when one broke.
	undoConnections = 8
	pingEvery       = 10 * time.Second
	pingSoon        = 200 * time.Millisecond
)

// newUndoClient returns the client of undos. A new connection needs replies before its
// first request, and undos are needed when replies get lost: these connections have had
// theirs.
func newUndoClient(o redis.UniversalOptions) redis.UniversalClient {
	o.PoolSize = undoConnections
	o.ConnMaxIdleTime = -1
	return redis.NewUniversalClient(&o)
}

// keepUndoConnections keeps the connections for undos open until ctx ends.
func (s *Store) keepUndoConnections(ctx context.Context) {
	for soon := pingSoon; ; {
		pause := pingEvery
		if s.pingUndoConnections(ctx) != nil {
			pause, soon = soon, min(2*soon, time.Second)
		} else {
			soon = pingSoon
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.undoBroken:
			timer.Stop()
			if !sleep(ctx, pingSoon) {
				return
			}
		case <-timer.C:
		}
	}
}

// pingUndoConnections uses all connections for undos at once, if the server replies at all:
// else it would cost those that are left.
func (s *Store) pingUndoConnections(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return err
	}
	var all errgroup.Group
	for range undoConnections {
		all.Go(func() error { return s.undoClient.Ping(ctx).Err() })
	}
	return all.Wait()
}

// undoAtOnce runs a script by a connection for undos, and reports whether there was a
// reply. Without one the script has most likely run all the same. It doesn't retry: the
// connections that are left are for others.
func (s *Store) undoAtOnce(ctx context.Context, script *redis.Script, keys []string, a *args) bool {
	if script.Eval(ctx, s.undoClient, keys, a.list...).Err() == nil {
		return true
	}
	select {
	case s.undoBroken <- struct{}{}:
	default:
	}
	return false
}
