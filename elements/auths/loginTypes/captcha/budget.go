package captcha

import (
	"context"
	"sync"
	"time"
)

// The budget for making items, in pictures: about half a millisecond of CPU each. After
// a burst, captchas use at most a quarter of one CPU, however many are requested.
const (
	pictureCost = 1
	soundCost   = 10
	burst       = 2000
	perSecond   = 500
)

// budget is a token bucket.
type budget struct {
	mu   sync.Mutex
	left float64
	at   time.Time
}

func newBudget() *budget { return &budget{left: burst, at: time.Now()} }

// wait spends the cost and waits until it is covered. It reports whether that was
// before the end of ctx.
func (b *budget) wait(ctx context.Context, cost float64) bool {
	pause := b.spend(cost, time.Now())
	if pause <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// spend spends the cost and returns how long to wait until it is covered.
func (b *budget) spend(cost float64, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(burst, b.left+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	b.left -= cost
	return time.Duration(-b.left / perSecond * float64(time.Second))
}
