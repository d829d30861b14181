package memorytype

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
	"github.com/lintel-run/lintel/elements/internal/builtin"
)

const (
	sweepEvery = time.Second
	// sweepAtMost bounds how many entries are removed while other operations wait.
	sweepAtMost = 1000
	// nearlyFull is the room for entries below which a step is checked before it runs. It
	// is more than a step adds.
	nearlyFull = 100
)

// Store is an instance of caches.MemoryType.
type Store struct {
	builtin.Silent
	otpstate.Operations

	max  int
	now  func() int64
	stop chan struct{}
	done chan struct{}

	mu     sync.Mutex
	closed bool
	table  table
	// running is the step in progress.
	running otpstate.Step
}

// New returns a store. Close ends it.
func New(c Config) *Store {
	start := time.Now()
	wall := start.UnixMilli()
	return NewAt(c, func() int64 { return wall + time.Since(start).Milliseconds() })
}

// NewAt is New for tests, which set the time: now returns milliseconds since 1970.
func NewAt(c Config, now func() int64) *Store {
	if c.MaxEntries <= 0 {
		c.MaxEntries = 1_000_000
	}
	s := &Store{
		max:   c.MaxEntries,
		now:   now,
		stop:  make(chan struct{}),
		done:  make(chan struct{}),
		table: newTable(),
	}
	s.Operations = otpstate.NewOperations(s.step, false)
	s.running = otpstate.Step{Values: &s.table, Windows: otpstate.ValueWindows{Values: &s.table}}
	go s.sweep()
	return s
}

// Close ends the store and forgets everything.
func (s *Store) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.table = table{}
		close(s.stop)
	}
	s.mu.Unlock()
	<-s.done
	return nil
}

// Ready returns an error after Close only.
func (s *Store) Ready(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open()
}

func (s *Store) open() error {
	if s.closed {
		return fmt.Errorf("%s: closed: %w", Name, caches.ErrUnavailable)
	}
	return nil
}

// step runs an operation. If there is no room for the entries that it may add, it
// removes what has expired, then what is remembered of the oldest requests. If that is
// not enough, it does nothing and returns an error.
func (s *Store) step(ctx context.Context, op otpstate.Operation) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w: %w", Name, caches.ErrUnavailable, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	s.table.now = s.now()
	if len(s.table.entries) > s.max-nearlyFull && !s.hasRoom(op.Adds()) {
		s.table.evict(len(s.table.entries))
		for !s.hasRoom(op.Adds()) {
			if !s.table.giveWay() {
				return fmt.Errorf("%s: full: %w", Name, caches.ErrUnavailable)
			}
		}
	}
	s.running.Now = s.table.now
	op.Run(&s.running)
	return nil
}

// hasRoom reports whether the entries that are missing can be added.
func (s *Store) hasRoom(adds []otpstate.Name) bool {
	n := len(s.table.entries)
	for _, name := range adds {
		if s.table.entries[name] == nil {
			n++
		}
	}
	return n <= s.max
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
		}
		for more := true; more; {
			s.mu.Lock()
			s.table.now = s.now()
			more = s.table.evict(sweepAtMost)
			s.mu.Unlock()
		}
	}
}
