package memorytype

import (
	"container/heap"
	"strconv"

	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// entry is one thing that is kept, and its place in its shard's queue.
type entry struct {
	key     string
	value   any
	expires int64
	place   int
}

// queue orders a shard's entries by when they expire.
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

// evict drops what is over and says how much that was.
func (s *shard) evict(now int64) (gone int) {
	for len(s.queue) > 0 && s.queue[0].expires <= now {
		e := heap.Pop(&s.queue).(*entry)
		delete(s.entries, e.key)
		gone++
	}
	if len(s.entries) == 0 && gone > 0 {
		s.entries, s.queue = make(map[string]*entry), nil
	}
	return gone
}

// view is what an operation sees: the entries of the shards that it holds.
type view struct {
	store *Store
	now   int64
	grown int64
}

// The kinds of entries. Tokens live in their identity's shard.
func stateKey(key string) string       { return "s" + key }
func tokenKey(key, hash string) string { return "t" + key + "\x00" + hash }
func repeatKey(key string) string      { return "b" + key }
func windowKey(key string, per int64) string {
	return "w" + strconv.FormatInt(per, 36) + "\x00" + key
}

func crowdKey(key string) string { return "y" + key }
func markKey(key string) string  { return "m" + key }

func load[T any](v *view, shardKey, key string) *T {
	e := v.store.shards[v.store.shardOf(shardKey)].entries[key]
	if e == nil || e.expires <= v.now {
		return nil
	}
	return e.value.(*T)
}

// keep stores a value until expires; one that is over is dropped.
func (v *view) keep(shardKey, key string, value any, expires int64) {
	s := &v.store.shards[v.store.shardOf(shardKey)]
	e := s.entries[key]
	switch {
	case e == nil && expires <= v.now:
	case e == nil:
		e = &entry{key: key, value: value, expires: expires}
		s.entries[key] = e
		heap.Push(&s.queue, e)
		v.grown++
	case expires <= v.now:
		heap.Remove(&s.queue, e.place)
		delete(s.entries, key)
		v.grown--
	default:
		e.value, e.expires = value, expires
		heap.Fix(&s.queue, e.place)
	}
}

// missing counts 1 for an entry that isn't there.
func (v *view) missing(shardKey, key string) int {
	if v.store.shards[v.store.shardOf(shardKey)].entries[key] == nil {
		return 1
	}
	return 0
}

// Nth implements otpstate.Counters.
func (v *view) Nth(key string, per int64, n int) (int64, bool) {
	w := load[otpstate.Times](v, key, windowKey(key, per))
	if w == nil {
		return 0, false
	}
	return w.Nth(n)
}

// Add implements otpstate.Counters.
func (v *view) Add(key string, per, at int64) {
	name := windowKey(key, per)
	w := load[otpstate.Times](v, key, name)
	if w == nil {
		w = &otpstate.Times{}
	}
	w.Add(per, at)
	v.keep(key, name, w, w.End())
}

// Remove implements otpstate.Counters.
func (v *view) Remove(key string, per, at int64) {
	name := windowKey(key, per)
	if w := load[otpstate.Times](v, key, name); w != nil {
		w.Remove(at)
		v.keep(key, name, w, w.End())
	}
}
