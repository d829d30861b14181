package memorytype

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/builtin"
)

const (
	shards     = 64
	sweepEvery = time.Second
)

// Store is an instance of caches.MemoryType.
type Store struct {
	builtin.Silent

	max    int64
	count  atomic.Int64
	now    func() int64
	seed   maphash.Seed
	shards [shards]shard

	closed atomic.Bool
	stop   chan struct{}
	done   chan struct{}
}

// New makes a store of its own, which Close ends.
func New(c Config) *Store {
	start := time.Now()
	wall := start.UnixMilli()
	return newStore(c, func() int64 { return wall + time.Since(start).Milliseconds() })
}

func newStore(c Config, now func() int64) *Store {
	if c.MaxEntries <= 0 {
		c.MaxEntries = defaultMaxEntries
	}
	s := &Store{
		max:  int64(c.MaxEntries),
		now:  now,
		seed: maphash.MakeSeed(),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	for i := range s.shards {
		s.shards[i].entries = make(map[string]*entry)
	}
	go s.sweep()
	return s
}

// Close ends the store and forgets everything.
func (s *Store) Close() error {
	if s.closed.CompareAndSwap(false, true) {
		close(s.stop)
	}
	<-s.done
	return nil
}

// Ready fails only after Close.
func (s *Store) Ready(context.Context) error {
	if s.closed.Load() {
		return fmt.Errorf("%s: closed: %w", Name, caches.ErrUnavailable)
	}
	return nil
}

// step runs an operation within the critical section of the shards that hold
// keys. need counts the entries that it may add; where they have no room, what
// is over is dropped everywhere, and if that doesn't help the operation is
// refused before it did anything.
func (s *Store) step(ctx context.Context, keys []string, need func(v *view) int, run func(v *view)) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w: %w", Name, caches.ErrUnavailable, err)
	}
	for again := false; ; again = true {
		if err := s.Ready(ctx); err != nil {
			return err
		}
		if s.try(keys, need, run) {
			return nil
		}
		if again {
			return fmt.Errorf("%s: full: %w", Name, caches.ErrUnavailable)
		}
		s.evict()
	}
}

func (s *Store) try(keys []string, need func(v *view) int, run func(v *view)) bool {
	var room [8]int
	locked := room[:0]
	for _, key := range keys {
		locked = append(locked, s.shardOf(key))
	}
	slices.Sort(locked)
	locked = slices.Compact(locked)
	for _, i := range locked {
		s.shards[i].Lock()
	}
	defer func() {
		for _, i := range locked {
			s.shards[i].Unlock()
		}
	}()
	v := &view{store: s, now: s.now()}
	n := int64(need(v))
	if s.count.Add(n) > s.max && n > 0 {
		s.count.Add(-n)
		return false
	}
	run(v)
	s.count.Add(v.grown - n)
	return true
}

func (s *Store) shardOf(key string) int {
	return int(maphash.String(s.seed, key) % shards)
}

func (s *Store) sweep() {
	defer close(s.done)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.evict()
		}
	}
}

// evict drops what is over, shard by shard.
func (s *Store) evict() {
	for i := range s.shards {
		s.shards[i].Lock()
		s.count.Add(-int64(s.shards[i].evict(s.now())))
		s.shards[i].Unlock()
	}
}

type shard struct {
	sync.Mutex
	entries map[string]*entry
	queue   queue
}
