package memorytype

import (
	"container/heap"

	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// table holds entries by name, and in the order in which they expire.
type table struct {
	// now is the time of the step in progress.
	now     int64
	entries map[otpstate.Name]*entry
	// remembered holds what is known of earlier requests, which gives way to the rest.
	remembered, rest queue
}

func newTable() table { return table{entries: make(map[otpstate.Name]*entry)} }

// queue returns the queue of an entry.
func (t *table) queue(n otpstate.Name) *queue {
	if n.Kind == otpstate.KindRecord || n.Kind == otpstate.KindBudget {
		return &t.remembered
	}
	return &t.rest
}

// Load implements otpstate.Values.
func (t *table) Load(n otpstate.Name) any {
	e := t.entries[n]
	if e == nil || e.expires <= t.now {
		return nil
	}
	return e.value
}

// Keep implements otpstate.Values.
func (t *table) Keep(n otpstate.Name, value any, expires int64) {
	e := t.entries[n]
	switch {
	case e == nil && expires <= t.now:
	case e == nil:
		e = &entry{name: n, value: value, expires: expires}
		t.entries[n] = e
		heap.Push(t.queue(n), e)
	case expires <= t.now:
		heap.Remove(t.queue(n), e.place)
		delete(t.entries, n)
	default:
		moved := e.expires != expires
		if e.value, e.expires = value, expires; moved {
			heap.Fix(t.queue(n), e.place)
		}
	}
}

// evict removes up to most entries that have expired, and reports whether there may
// be more.
func (t *table) evict(most int) (more bool) {
	removed := 0
	for _, q := range []*queue{&t.remembered, &t.rest} {
		for ; len(*q) > 0 && (*q)[0].expires <= t.now; removed++ {
			if removed == most {
				return true
			}
			t.removeFirst(q)
		}
	}
	if removed > 0 && len(t.entries) == 0 {
		*t = table{now: t.now, entries: newTable().entries} // a map keeps the memory of what it held
	}
	return false
}

// giveWay removes the oldest of what is remembered, and reports whether there was any.
func (t *table) giveWay() bool {
	if len(t.remembered) == 0 {
		return false
	}
	t.removeFirst(&t.remembered)
	return true
}

func (t *table) removeFirst(q *queue) {
	delete(t.entries, heap.Pop(q).(*entry).name)
}

// entry is a value, and its place in the queue.
type entry struct {
	name    otpstate.Name
	value   any
	expires int64
	place   int
}

// queue orders entries by when they expire.
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].expires < q[j].expires }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *queue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}
