package captcha

import (
	"context"
	"sync"
	"time"
)

// What making items may cost, in pictures: about half a millisecond of a processor
// each. A burst is free; after it a quarter of one processor is what the world can
// make captchas cost, however many ask.
const (
	pictureCost = 1
	soundCost   = 10
	burst       = 2000
	perSecond   = 500
)

// budget is what may be spent now; it fills again as time goes by.
type budget struct {
	mu   sync.Mutex
	left float64
	at   time.Time
}

func newBudget() *budget { return &budget{left: burst, at: time.Now()} }

// wait spends, as soon as there is enough; false says that ctx ended first.
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

// spend takes the cost and says how long to wait for it to be there.
func (b *budget) spend(cost float64, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(burst, b.left+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	b.left -= cost
	return time.Duration(-b.left / perSecond * float64(time.Second))
}
