package captcha

import (
	"sync"
	"time"
)

const (
	// easiest and hardest bound the numbers that a client has to try.
	easiest = 100_000
	hardest = 16 * easiest
	// quiet is how many computations a minute leave them at the easiest: of one
	// address, and of all.
	quiet    = 10
	quietAll = 300

	// pictures and recordings are what an address may ask for in an hour.
	pictures   = 1000
	recordings = 60

	// remembered addresses; what is forgotten starts afresh.
	remembered = 20_000
)

// load is who asks for how much. It is this process's own: what it guards is this
// process's time.
type load struct {
	mu        sync.Mutex
	all       meter
	addresses map[string]*visitor
	// before are the addresses of the time before, to be forgotten next.
	before map[string]*visitor
	turned time.Time
}

// visitor is what one address has asked for.
type visitor struct {
	computed meter
	// paid is until when an address's pictures and recordings are paid for, if it
	// gets one each so often.
	paid map[Kind]time.Time
}

func newLoad() *load { return &load{addresses: make(map[string]*visitor), turned: time.Now()} }

// most counts a computation and gives the largest number that it may ask for.
func (l *load) most(address string, now time.Time) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	pressure := l.all.add(now) / quietAll
	if v := l.visitor(address, now); v != nil {
		pressure = max(pressure, v.computed.add(now)/quiet)
	}
	return int64(min(max(pressure, 1)*easiest, hardest))
}

// admit counts a picture or recording, or refuses it.
func (l *load) admit(kind Kind, address string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.visitor(address, now)
	if v == nil {
		return nil
	}
	limit := pictures
	if kind == Audio {
		limit = recordings
	}
	each := time.Hour / time.Duration(limit)
	paid := v.paid[kind]
	if paid.Before(now) {
		paid = now
	}
	paid = paid.Add(each)
	if over := paid.Sub(now) - time.Hour; over > 0 {
		return &LimitError{RetryAfter: over}
	}
	v.paid[kind] = paid
	return nil
}

// visitor gives what is known of an address; nil where there is none.
func (l *load) visitor(address string, now time.Time) *visitor {
	if address == "" {
		return nil
	}
	if len(l.addresses) >= remembered || now.Sub(l.turned) >= time.Hour {
		l.before, l.addresses, l.turned = l.addresses, make(map[string]*visitor), now
	}
	v := l.addresses[address]
	if v == nil {
		if v = l.before[address]; v == nil {
			v = &visitor{paid: make(map[Kind]time.Time, 1)}
		}
		l.addresses[address] = v
	}
	return v
}

// meter counts what happens in a minute, smoothed over the minute before.
type meter struct {
	minute int64
	now    float64
	before float64
}

func (m *meter) add(now time.Time) float64 {
	minute := now.Unix() / 60
	switch minute - m.minute {
	case 0:
	case 1:
		m.before, m.now = m.now, 0
	default:
		m.before, m.now = 0, 0
	}
	m.minute = minute
	m.now++
	gone := float64(now.UnixNano()%int64(time.Minute)) / float64(time.Minute)
	return m.now + m.before*(1-gone)
}
