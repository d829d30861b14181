package redistype

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/runtime/element"
)

// Store is an instance of caches.RedisType.
type Store struct {
	builtin.Silent

	client redis.UniversalClient
	// back takes steps back; cooled says that a connection of it was broken.
	back   redis.UniversalClient
	cooled chan struct{}
	// apart says that shared limits lie in other slots than the identity, so that
	// they are taken in a step of their own.
	apart bool
	log   *slog.Logger
	// offset moves the clock, in milliseconds; tests do so.
	offset atomic.Int64

	undos chan undo
	stop  context.CancelFunc
	work  sync.WaitGroup
	end   sync.Once
}

// New makes a store, which Close ends. It doesn't wait for the server.
func New(env element.Env, c Config) (*Store, error) {
	client, back, cluster, err := connect(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	s := &Store{
		client: client, back: back, cooled: make(chan struct{}, 1),
		apart: cluster, log: env.Logger, undos: make(chan undo, undosWaiting),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.work.Go(func() { s.undoAll(ctx) })
	s.work.Go(func() { s.checkEviction(ctx) })
	s.work.Go(func() { s.keepWarm(ctx) })
	return s, nil
}

// Close ends the store and its connections.
func (s *Store) Close() error {
	var err error
	s.end.Do(func() {
		s.stop()
		err = errors.Join(s.client.Close(), s.back.Close())
	})
	s.work.Wait()
	return err
}

// Ready says whether the server answers.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return &failure{reason: describe(err)}
	}
	return nil
}

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, bound)
}
