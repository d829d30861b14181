package redistype

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/runtime/element"
)

// Store is an instance of caches.RedisType.
type Store struct {
	builtin.Silent

	client redis.UniversalClient
	// cluster is set if identities lie in different slots.
	cluster bool
	log     *slog.Logger
	// now returns the time in milliseconds; 0 is the server's.
	now func() int64

	undoClient redis.UniversalClient
	// undoBroken is sent to when a connection of undoClient broke.
	undoBroken chan struct{}
	undos      chan *pendingUndo
	pending    pendingUndos

	stop context.CancelFunc
	work sync.WaitGroup
	end  sync.Once
}

// New returns a store. Close ends it. New doesn't wait for the server.
func New(env element.Env, c Config) (*Store, error) {
	return NewAt(env, c, func() int64 { return 0 })
}

// NewAt is New for tests, which set the time: now returns milliseconds since 1970.
func NewAt(env element.Env, c Config, now func() int64) (*Store, error) {
	o, err := c.options()
	if err != nil {
		return nil, err
	}
	s := &Store{
		client:     redis.NewUniversalClient(o),
		cluster:    o.IsClusterMode,
		log:        env.Logger,
		now:        now,
		undoClient: newUndoClient(*o),
		undoBroken: make(chan struct{}, 1),
		undos:      make(chan *pendingUndo, mostUndos),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.work.Go(func() { s.runUndos(ctx) })
	s.work.Go(func() { s.checkEviction(ctx) })
	s.work.Go(func() { s.keepUndoConnections(ctx) })
	return s, nil
}

// Close ends the store and its connections.
func (s *Store) Close() error {
	var err error
	s.end.Do(func() {
		s.stop()
		err = errors.Join(s.client.Close(), s.undoClient.Close())
	})
	s.work.Wait()
	return err
}
