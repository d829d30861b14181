package otpstate

import (
	"slices"
	"sort"

	"github.com/lintel-run/lintel/elements/caches"
)

const (
	// fine is how long a slot is while a crowd has few, coarse when it has more
	// than slots of them.
	fine   = 100
	coarse = 10_000
	slots  = 60
)

// Crowd is what is kept of one crowd: its sends, counted in slots of time. The
// zero Crowd has none.
type Crowd struct {
	Per int64
	// Slots are in order, each from its At to the next one's.
	Slots []Slot
}

// Slot is a stretch of time with the sends made in it and how many of those were
// verified.
type Slot struct {
	At       int64
	Sends    int64
	Verified int64
}

// End is when nothing of the crowd matters any more; 0 when nothing does.
func (c *Crowd) End() int64 {
	if len(c.Slots) == 0 {
		return 0
	}
	return c.Slots[len(c.Slots)-1].At + c.Per
}

// Count adds a send. A clock that went back adds to the last slot.
func (c *Crowd) Count(now, per int64) {
	c.Per = per
	c.prune(now)
	n := len(c.Slots)
	width := int64(fine)
	if n >= slots {
		width = coarse
	}
	if n > 0 && now < c.Slots[n-1].At+width {
		c.Slots[n-1].Sends++
		return
	}
	c.Slots = append(c.Slots, Slot{At: now, Sends: 1})
}

// Uncount takes back a send that was counted at a time.
func (c *Crowd) Uncount(at int64) {
	if s := c.slot(at); s != nil && s.Sends > s.Verified {
		s.Sends--
	}
}

// Verify says that a send which was counted at a time was verified.
func (c *Crowd) Verify(at int64) {
	if s := c.slot(at); s != nil && s.Sends > s.Verified {
		s.Verified++
	}
}

// slot is the last one that began by a time.
func (c *Crowd) slot(at int64) *Slot {
	i := sort.Search(len(c.Slots), func(i int) bool { return c.Slots[i].At > at })
	if i == 0 {
		return nil
	}
	return &c.Slots[i-1]
}

// suspicious says whether the crowd asks for a proof.
func (c *Crowd) suspicious(now int64, of caches.RiskGroup) bool {
	if c == nil || of.MinSends <= 0 {
		return false
	}
	var sends, ripe, unverified int64
	for _, s := range c.Slots {
		if s.At+Millis(of.Per) <= now {
			continue
		}
		sends += s.Sends
		if s.At+Millis(of.UnverifiedAfter) <= now {
			ripe += s.Sends
			unverified += s.Sends - s.Verified
		}
	}
	return sends >= int64(of.MinSends) && 2*unverified > ripe
}

func (c *Crowd) prune(now int64) {
	n := 0
	for n < len(c.Slots) && c.Slots[n].At+c.Per <= now {
		n++
	}
	c.Slots = slices.Delete(c.Slots, 0, n)
}
