package captcha

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The budget for making items, in pictures: about half a millisecond of CPU each. After
// a burst, captchas use at most a quarter of one CPU, however many are requested.
const (
	pictureCost = 1
	soundCost   = 10
	burst       = 2000
	perSecond   = 500
)

const (
	picturesKept = 256
	soundsKept   = 2
	// maxWait bounds how long a request waits for an item.
	maxWait = 400 * time.Millisecond
)

// stock holds items that are made ahead, so that a request doesn't wait for one to be
// made. Its goroutine runs while there is room, from the first request on.
type stock struct {
	life   context.Context
	work   *sync.WaitGroup
	budget *rate.Limiter
	cost   int
	items  chan item
	// produce makes an item. One goroutine at a time calls it.
	produce func() (item, error)

	mu      sync.Mutex
	filling bool
}

func newStock(life context.Context, work *sync.WaitGroup, budget *rate.Limiter, cost, size int, produce func() (item, error)) *stock {
	return &stock{life: life, work: work, budget: budget, cost: cost, items: make(chan item, size), produce: produce}
}

// take returns an item and starts making another. It returns ErrBusy if there is none
// in time.
func (s *stock) take(ctx context.Context) (item, error) {
	defer s.fill()
	select {
	case it := <-s.items:
		return it, nil
	default:
	}
	s.fill()
	timer := time.NewTimer(maxWait)
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

// fill starts the goroutine unless it runs.
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
		if s.budget.WaitN(s.life, s.cost) != nil {
			continue
		}
		it, err := s.produce()
		if err != nil {
			continue // the budget bounds how often
		}
		s.items <- it // there is room: nobody else adds
	}
}

// more reports whether there is room. If there is none, filling ends.
func (s *stock) more() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filling = len(s.items) < cap(s.items) && s.life.Err() == nil
	return s.filling
}
