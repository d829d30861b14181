package captcha

import (
	"context"
	"sync"
	"time"
)

const (
	picturesKept = 256
	soundsKept   = 2
	// longestWait is how long a request waits for an item while there is none.
	longestWait = 400 * time.Millisecond
)

// stock holds items that were made ahead, so that a request takes one and makes
// none. Its goroutine runs while there is room, from the first request on.
type stock struct {
	life  context.Context
	work  *sync.WaitGroup
	pay   *budget
	cost  float64
	items chan item
	// produce makes one; called by one goroutine at a time.
	produce func() (item, error)

	mu      sync.Mutex
	filling bool
}

func newStock(life context.Context, work *sync.WaitGroup, pay *budget, cost float64, size int, produce func() (item, error)) *stock {
	return &stock{life: life, work: work, pay: pay, cost: cost, items: make(chan item, size), produce: produce}
}

// take gives an item, and has another made. It fails with ErrBusy when none is
// there in time.
func (s *stock) take(ctx context.Context) (item, error) {
	defer s.fill()
	select {
	case it := <-s.items:
		return it, nil
	default:
	}
	s.fill()
	timer := time.NewTimer(longestWait)
	defer timer.Stop()
	select {
	case it := <-s.items:
		return it, nil
	case <-ctx.Done():
	case <-s.life.Done():
	case <-timer.C:
	}
	return item{}, ErrBusy
}

// fill starts the goroutine where none runs.
func (s *stock) fill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.filling || s.life.Err() != nil {
		return
	}
	s.filling = true
	s.work.Go(s.run)
}

func (s *stock) run() {
	for s.more() {
		if !s.pay.wait(s.life, s.cost) {
			continue
		}
		it, err := s.produce()
		if err != nil {
			continue // the budget bounds how often
		}
		s.items <- it // there is room: nobody else adds
	}
}

// more says whether there is room, and ends the filling where there is none.
func (s *stock) more() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filling = len(s.items) < cap(s.items) && s.life.Err() == nil
	return s.filling
}
