package captcha

import (
	"sync"
	"time"
)

const (
	// minEffort and maxEffort bound the numbers that a client has to try.
	minEffort = 100_000
	maxEffort = 16 * minEffort
	// freeComputations and freeComputationsAll are how many computations per minute
	// keep the effort at its minimum: of one address, and of all.
	freeComputations    = 10
	freeComputationsAll = 300

	// maxPictures and maxRecordings bound the requests of an address in an hour.
	maxPictures   = 1000
	maxRecordings = 60

	// maxAddresses bounds the addresses that are remembered.
	maxAddresses = 20_000
)

// demand counts the captchas that addresses request. It counts for this process only,
// since it protects this process's time.
type demand struct {
	mu        sync.Mutex
	all       meter
	addresses map[string]*addressDemand
	// previous are the addresses of the previous period, to be forgotten next.
	previous map[string]*addressDemand
	started  time.Time // of this period
}

// addressDemand is the demand of one address.
type addressDemand struct {
	computations meter
	// next is when the requests so far would be used up at an even pace (the generic
	// cell rate algorithm).
	next map[Kind]time.Time
}

func newDemand() *demand {
	return &demand{addresses: make(map[string]*addressDemand), started: time.Now()}
}

// effort counts a computation and returns its effort: the largest number to try.
func (d *demand) effort(address string, now time.Time) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	pressure := d.all.add(now) / freeComputationsAll
	if a := d.address(address, now); a != nil {
		pressure = max(pressure, a.computations.add(now)/freeComputations)
	}
	return int64(min(max(pressure, 1)*minEffort, maxEffort))
}

// admit counts a picture or recording, or returns a *LimitError.
func (d *demand) admit(kind Kind, address string, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.address(address, now)
	if a == nil {
		return nil
	}
	limit := maxPictures
	if kind == Audio {
		limit = maxRecordings
	}
	next := a.next[kind]
	if next.Before(now) {
		next = now
	}
	next = next.Add(time.Hour / time.Duration(limit))
	if over := next.Sub(now) - time.Hour; over > 0 {
		return &LimitError{RetryAfter: over}
	}
	a.next[kind] = next
	return nil
}

// address returns the demand of an address, or nil for no address.
func (d *demand) address(address string, now time.Time) *addressDemand {
	if address == "" {
		return nil
	}
	if len(d.addresses) >= maxAddresses || now.Sub(d.started) >= time.Hour {
		d.previous, d.addresses, d.started = d.addresses, make(map[string]*addressDemand), now
	}
	a := d.addresses[address]
	if a == nil {
		if a = d.previous[address]; a == nil {
			a = &addressDemand{next: make(map[Kind]time.Time, 1)}
		}
		d.addresses[address] = a
	}
	return a
}

// meter counts events in a sliding minute, approximately.
type meter struct {
	minute   int64
	current  float64
	previous float64
}

func (m *meter) add(now time.Time) float64 {
	minute := now.Unix() / 60
	switch minute - m.minute {
	case 0:
	case 1:
		m.previous, m.current = m.current, 0
	default:
		m.previous, m.current = 0, 0
	}
	m.minute = minute
	m.current++
	elapsed := float64(now.UnixNano()%int64(time.Minute)) / float64(time.Minute)
	return m.current + m.previous*(1-elapsed)
}
