package cachestest

import (
	"context"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// reference is the plainest store there is: maps, one lock, a clock that is told
// the time. Others are compared with it.
type reference struct {
	mu      sync.Mutex
	now     int64
	states  map[string]*otpstate.State
	tokens  map[[2]string]*otpstate.Token
	repeats map[string]*otpstate.Repeat
	windows windows
	crowds  map[string]*otpstate.Crowd
	marks   map[string]mark
}

var _ caches.Store = (*reference)(nil)

func newReference() *reference {
	return &reference{
		now:    time.Now().UnixMilli(),
		states: make(map[string]*otpstate.State), tokens: make(map[[2]string]*otpstate.Token),
		repeats: make(map[string]*otpstate.Repeat), windows: make(windows),
		crowds: make(map[string]*otpstate.Crowd), marks: make(map[string]mark),
	}
}

func (r *reference) advance(d time.Duration) { r.now += otpstate.Millis(d) }

type windowName struct {
	key string
	per int64
}

type windows map[windowName]*otpstate.Times

func (w windows) Nth(key string, per int64, n int) (int64, bool) {
	if t := w[windowName{key, per}]; t != nil {
		return t.Nth(n)
	}
	return 0, false
}

func (w windows) Add(key string, per, at int64) {
	name := windowName{key, per}
	if w[name] == nil {
		w[name] = &otpstate.Times{}
	}
	w[name].Add(per, at)
}

func (w windows) Remove(key string, per, at int64) {
	if t := w[windowName{key, per}]; t != nil {
		t.Remove(at)
	}
}

// mark is the note of a use.
type mark struct {
	by    string
	until int64
}

// counters are the reference's, at its time.
type counters struct {
	windows // of reference, which has a field of that name
	*reference
}

func (r *reference) counters() otpstate.Counters { return counters{r.windows, r} }

func (c counters) Crowd(key string) *otpstate.Crowd { return c.crowds[key] }

func (c counters) Count(key string, now, per int64) {
	if c.crowds[key] == nil {
		c.crowds[key] = &otpstate.Crowd{}
	}
	c.crowds[key].Count(now, per)
}

func (c counters) Uncount(key string, at int64) {
	if crowd := c.crowds[key]; crowd != nil {
		crowd.Uncount(at)
	}
}

func (c counters) Verify(key string, at int64) {
	if crowd := c.crowds[key]; crowd != nil {
		crowd.Verify(at)
	}
}

func (c counters) Marked(key string) string {
	if m := c.marks[key]; m.until > c.now {
		return m.by
	}
	return ""
}

func (c counters) Mark(key, request string, until int64) { c.marks[key] = mark{request, until} }

func (r *reference) state(key string) *otpstate.State {
	if r.states[key] == nil {
		r.states[key] = &otpstate.State{}
	}
	return r.states[key]
}

func (r *reference) repeat(key string) *otpstate.Repeat {
	if r.repeats[key] == nil {
		r.repeats[key] = &otpstate.Repeat{}
	}
	return r.repeats[key]
}

func (r *reference) issue(key string, i *caches.Issue) {
	r.tokens[[2]string{key, i.Hash}] = otpstate.NewToken(r.now, i)
}

func (r *reference) Reserve(_ context.Context, q caches.Reserve) (caches.ReserveResult, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state(q.Key).Reserve(r.now, &q, r.counters()), nil
}

func (r *reference) Commit(_ context.Context, q caches.Reservation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state(q.Key).Commit(r.now, &q)
	return nil
}

func (r *reference) Rollback(_ context.Context, q caches.Reservation, refusals caches.Window) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state(q.Key).Rollback(r.now, &q, refusals, r.counters())
	return nil
}

func (r *reference) Guess(_ context.Context, q caches.Guess) (caches.GuessResult, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer, issue, _ := r.state(q.Key).Guess(r.now, &q, "", r.counters())
	if issue {
		r.issue(q.Key, q.Issue)
	}
	return answer, nil
}

func (r *reference) EndClaim(_ context.Context, q caches.EndClaim) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if issue, _ := r.state(q.Key).EndClaim(r.now, &q); issue {
		r.issue(q.Key, q.Issue)
	}
	return nil
}

func (r *reference) Token(_ context.Context, q caches.TokenRequest) (caches.TokenResult, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer, _ := r.tokens[[2]string{q.Key, q.Hash}].Ask(r.now, &q, "")
	return answer, nil
}

func (r *reference) EndToken(_ context.Context, q caches.EndToken) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens[[2]string{q.Key, q.Hash}].EndClaim(r.now, &q)
	return nil
}

func (r *reference) Issue(_ context.Context, key string, i caches.Issue) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.issue(key, &i)
	return nil
}

func (r *reference) Begin(_ context.Context, q caches.Begin) (caches.BeginResult, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer, _ := r.repeat(q.Key).Begin(r.now, &q)
	return answer, nil
}

func (r *reference) Finish(_ context.Context, key, owner string, answer []byte, ttl time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.repeat(key).Finish(r.now, owner, answer, ttl)
	return nil
}

func (r *reference) Ready(context.Context) error { return nil }
