package otpstate

import (
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// Counters keeps what many identities share: windows, crowds, marks. Its methods run within
// the critical section or transaction of the operation that calls them.
type Counters interface {
	// Nth gives the nth youngest time of a window, counted from 1.
	Nth(key string, per int64, n int) (at int64, ok bool)
	// Add keeps a time for per.
	Add(key string, per, at int64)
	// Remove takes one time back that Add kept; one that is gone is no error.
	Remove(key string, per, at int64)

	// Crowd gives what is kept of a crowd, to read; nil for nothing.
	Crowd(key string) *Crowd
	// Count adds a send to a crowd.
	Count(key string, now, per int64)
	// Uncount takes back a send that was counted at a time, Verify verifies it.
	Uncount(key string, at int64)
	Verify(key string, at int64)

	// Marked gives the request that noted a use, "" for none.
	Marked(key string) string
	// Mark notes a use until a time; one that is over is dropped.
	Mark(key, request string, until int64)
}

// wait is how long until a window admits one more, whose Max-th youngest time
// is at: 0 is now.
func wait(now, at, per int64) int64 {
	return min(max(at+per-now, 0), per)
}

// wait is how long until the window admits one more.
func (t *Times) wait(now int64, w caches.Window) int64 {
	if t == nil || w.Max <= 0 || len(t.At) < w.Max {
		return 0
	}
	return wait(now, t.At[len(t.At)-w.Max], Millis(w.Per))
}

// Nth gives the nth youngest time, counted from 1.
func (t *Times) Nth(n int) (int64, bool) {
	if n < 1 || n > len(t.At) {
		return 0, false
	}
	return t.At[len(t.At)-n], true
}

// Add keeps a time for at least per, and drops those that are over.
func (t *Times) Add(per, at int64) {
	t.Per = max(per, 0)
	t.prune(at)
	t.At = append(t.At, at)
	if n := len(t.At); n > 1 && t.At[n-2] > at {
		slices.Sort(t.At)
	}
}

// Remove takes one time back.
func (t *Times) Remove(at int64) {
	if i, ok := slices.BinarySearch(t.At, at); ok {
		t.At = slices.Delete(t.At, i, i+1)
	}
}

// End is when the window is empty; 0 when it is.
func (t *Times) End() int64 { return t.expires() }

func (t *Times) expires() int64 {
	if len(t.At) == 0 {
		return 0
	}
	return t.At[len(t.At)-1] + t.Per
}

func (t *Times) prune(now int64) {
	n := 0
	for n < len(t.At) && t.At[n]+t.Per <= now {
		n++
	}
	t.At = slices.Delete(t.At, 0, n)
}

func (t *Times) shift(by int64) {
	for i := range t.At {
		t.At[i] += by
	}
}

// longest is how long times are kept for a set of windows; 0 when none limits.
func longest(windows ...caches.Window) int64 {
	var per time.Duration
	for _, w := range windows {
		if w.Max > 0 {
			per = max(per, w.Per)
		}
	}
	return Millis(per)
}

func add(m *map[string]*Times, bucket string, per, at int64) {
	if per <= 0 {
		return
	}
	if *m == nil {
		*m = make(map[string]*Times)
	}
	w := (*m)[bucket]
	if w == nil {
		w = &Times{}
		(*m)[bucket] = w
	}
	w.Add(per, at)
}
