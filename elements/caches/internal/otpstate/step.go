// Package otpstate is what a store does with codes, limits, tokens and idempotency
// records, for the stores that are written in Go. A store provides a Step: a time,
// and the values that it keeps, within one critical section or transaction. The
// package does no I/O, reads no clock and takes no lock.
//
// caches.RedisType does the same in Lua, in its own format. The contract in package
// caches describes both; the suite in cachestest holds both to it, and compares
// them with each other by random operations.
//
// Times are milliseconds since 1970 by the store's clock.
package otpstate

import (
	"slices"
	"strconv"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

// Remembered is how long the answer to a request is kept for its repeats.
const Remembered = 10 * time.Minute

// Step is one atomic step of a store. Its methods do what those of caches.Store
// promise, or undo it.
type Step struct {
	Now int64
	Values
	Windows
}

// Values are what a store keeps by name.
type Values interface {
	// Load returns the value under a name, or nil if there is none or it has
	// expired. The step may change the value.
	Load(n Name) any
	// Keep keeps a value until a time. A value that has expired by now is removed.
	Keep(n Name, value any, expires int64)
}

// Windows are the sliding windows that many identities share.
type Windows interface {
	// Nth returns the nth youngest time in a window, counted from 1, if there is one.
	Nth(key string, per int64, n int) (at int64, ok bool)
	// Add keeps a time for per.
	Add(key string, per, at int64)
	// Remove removes one time that Add kept, if it is there.
	Remove(key string, per, at int64)
}

// Kind is the kind of a value.
type Kind byte

// The kinds of values, and their types.
const (
	KindState   Kind = 's' // *State
	KindToken   Kind = 't' // *Token
	KindRecord  Kind = 'b' // *Record
	KindGroup   Kind = 'y' // *Group
	KindCaptcha Kind = 'm' // *CaptchaUse
	KindBudget  Kind = 'a' // *Group
	KindWindow  Kind = 'w' // *Times, of ValueWindows
)

// Name is the name of a value.
type Name struct {
	Kind Kind
	Key  string
	// Part is the hash of a token, or the length of a window.
	Part string
}

// Bytes returns the name as a key for a store.
func (n Name) Bytes() []byte {
	b := append([]byte{byte(n.Kind)}, n.Key...)
	if n.Kind == KindToken {
		b = append(append(b, 0), n.Part...)
	}
	return b
}

// CaptchaUse is the request that used a captcha.
type CaptchaUse struct{ Request string }

func load[T any](s *Step, n Name) *T {
	value, _ := s.Load(n).(*T)
	return value
}

// ValueWindows keeps windows as values.
type ValueWindows struct{ Values }

// WindowName returns the name of a window.
func WindowName(key string, per int64) Name {
	return Name{Kind: KindWindow, Key: key, Part: strconv.FormatInt(per, 36)}
}

// Nth implements Windows.
func (v ValueWindows) Nth(key string, per int64, n int) (int64, bool) {
	if t, ok := v.Load(WindowName(key, per)).(*Times); ok && n >= 1 && n <= len(t.At) {
		return t.At[len(t.At)-n], true
	}
	return 0, false
}

// Add implements Windows.
func (v ValueWindows) Add(key string, per, at int64) {
	name := WindowName(key, per)
	t, ok := v.Load(name).(*Times)
	if !ok {
		t = &Times{}
	}
	t.add(per, at)
	v.Keep(name, t, t.end())
}

// Remove implements Windows.
func (v ValueWindows) Remove(key string, per, at int64) {
	name := WindowName(key, per)
	if t, ok := v.Load(name).(*Times); ok {
		t.remove(at)
		v.Keep(name, t, t.end())
	}
}

// Millis rounds a duration up to whole milliseconds.
func Millis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func span(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// remaining returns how long until a window admits one more, if its Max-th youngest
// time is at.
func remaining(now, at, per int64) int64 {
	return min(max(at+per-now, 0), per)
}

// remaining returns how long until the window admits one more.
func (x *Times) remaining(now int64, w caches.Window) int64 {
	if x == nil || w.Max <= 0 || len(x.At) < w.Max {
		return 0
	}
	return remaining(now, x.At[len(x.At)-w.Max], Millis(w.Per))
}

// add keeps a time for at least per, and drops those that have expired.
func (x *Times) add(per, at int64) {
	x.Per = max(x.Per, per)
	x.prune(at)
	x.At = append(x.At, at)
	if n := len(x.At); n > 1 && x.At[n-2] > at {
		slices.Sort(x.At)
	}
}

func (x *Times) remove(at int64) {
	if i, ok := slices.BinarySearch(x.At, at); ok {
		x.At = slices.Delete(x.At, i, i+1)
	}
}

// end returns when the window is empty; 0 if it is.
func (x *Times) end() int64 {
	if x == nil || len(x.At) == 0 {
		return 0
	}
	return x.At[len(x.At)-1] + x.Per
}

func (x *Times) prune(now int64) {
	n := 0
	for n < len(x.At) && x.At[n]+x.Per <= now {
		n++
	}
	x.At = slices.Delete(x.At, 0, n)
}

// longest returns how long the times of a set of windows are kept; 0 if none limits.
func longest(windows ...caches.Window) int64 {
	var per time.Duration
	for _, w := range windows {
		if w.Max > 0 {
			per = max(per, w.Per)
		}
	}
	return Millis(per)
}

// copied returns a copy of b that is never nil: an answer may be empty.
func copied(b []byte) []byte { return append([]byte{}, b...) }

// appendCapped appends to a list that keeps its last items, most of them at most.
func appendCapped[T any](list []T, most int, item T) []T {
	if over := len(list) - most + 1; over > 0 {
		list = slices.Delete(list, 0, over)
	}
	return append(list, item)
}
