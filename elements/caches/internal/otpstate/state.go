package otpstate

import (
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
)

const (
	// mostRequests is how many answers an identity keeps for repeats.
	mostRequests = 128
	// mostUnverified bounds State.Unverified: nobody verifies an older send.
	mostUnverified = 16
	mostConsumed   = 4
)

// The operations in the IDs of requests.
const (
	reserved = "R"
	guessed  = "G"
	ended    = "E"
)

// stateName returns the name of an identity's state.
func stateName(key string) Name { return Name{Kind: KindState, Key: key} }

// state returns the state of an identity as of now.
func (s *Step) state(key string) *State {
	state := load[State](s, stateName(key))
	if state == nil {
		return &State{}
	}
	if state.advance(s.Now) {
		s.keepState(key, state)
	}
	return state
}

func (s *Step) keepState(key string, state *State) {
	state.Changed = s.Now
	s.Keep(stateName(key), state, state.end())
}

// end returns when nothing of the state matters any more; 0 if nothing does.
func (x *State) end() int64 {
	end := x.Throttled.end()
	for _, h := range x.Holders {
		for _, code := range h.codes() {
			end = max(end, code.Expires)
		}
	}
	for _, budgets := range [][]*Times{x.Sends, x.Refusals, x.Guesses} {
		for _, w := range budgets {
			end = max(end, w.end())
		}
	}
	for _, r := range x.Requests {
		end = max(end, r.Expires)
	}
	return end
}

// advance drops what has expired. If the clock went back since the last change, it
// moves the state's times back as well, and reports so: no pause and no code lasts
// longer for it.
func (x *State) advance(now int64) (shifted bool) {
	if back := x.Changed - now; back > 0 {
		x.shift(-back)
		shifted = true
	}
	for _, h := range x.Holders {
		if h.Live != nil && h.Live.Expires <= now {
			h.Live = nil
		}
		if h.Pending != nil && h.Pending.Expires <= now {
			h.Pending = nil
		}
	}
	x.dropEmptyHolders()
	for _, budgets := range []*[]*Times{&x.Sends, &x.Refusals, &x.Guesses} {
		*budgets = slices.DeleteFunc(*budgets, func(w *Times) bool { w.prune(now); return len(w.At) == 0 })
	}
	if x.Throttled.end() <= now {
		x.Throttled = nil
	}
	x.Requests = slices.DeleteFunc(x.Requests, func(r *Request) bool { return r.Expires <= now })
	x.Unverified = slices.DeleteFunc(x.Unverified, func(u *Unverified) bool { return u.Expires <= now })
	x.Consumed = slices.DeleteFunc(x.Consumed, func(c *Consumed) bool { return c.GetCode().GetExpires() <= now })
	return shifted
}

func (x *State) shift(by int64) {
	x.Changed += by
	for _, h := range x.Holders {
		for _, code := range h.codes() {
			code.Expires += by
			code.ClaimEnds += by
		}
	}
	windows := slices.Concat(x.Sends, x.Refusals, x.Guesses)
	if x.Throttled != nil {
		windows = append(windows, x.Throttled)
	}
	for _, w := range windows {
		for i := range w.At {
			w.At[i] += by
		}
	}
	for _, r := range x.Requests {
		r.Expires += by
		r.Made += by
	}
	for _, u := range x.Unverified {
		u.Expires += by
	}
	for _, c := range x.Consumed {
		if c.Code != nil {
			c.Code.Expires += by
		}
	}
}

func (x *State) remembered(id string) *Request {
	for _, r := range x.Requests {
		if r.Id == id {
			return r
		}
	}
	return nil
}

func (x *State) forget(id string) {
	x.Requests = slices.DeleteFunc(x.Requests, func(r *Request) bool { return r.Id == id })
}

func (x *State) remember(now int64, r *Request) {
	r.Expires = now + Millis(Remembered)
	x.Requests = appendCapped(x.Requests, mostRequests, r)
}

// codes returns the codes of a holder, the newest first.
func (x *Holder) codes() []*Code {
	codes := make([]*Code, 0, 2)
	for _, code := range []*Code{x.GetPending(), x.GetLive()} {
		if code != nil {
			codes = append(codes, code)
		}
	}
	return codes
}

// holder returns a holder that has codes, or nil.
func (x *State) holder(name string) *Holder {
	for _, h := range x.Holders {
		if h.Holder == name {
			return h
		}
	}
	return nil
}

// newHolder is like holder, but adds one that isn't there.
func (x *State) newHolder(name string) *Holder {
	h := x.holder(name)
	if h == nil {
		h = &Holder{Holder: name}
		x.Holders = append(x.Holders, h)
	}
	return h
}

// drop removes a code.
func (x *State) drop(holder, id string) {
	h := x.holder(holder)
	if h == nil {
		return
	}
	if h.Live.GetId() == id {
		h.Live = nil
	}
	if h.Pending.GetId() == id {
		h.Pending = nil
	}
	x.dropEmptyHolders()
}

// use removes a code that was used. A pending code takes the older, live one with it.
func (x *State) use(holder, id string) {
	if h := x.holder(holder); h.GetPending() != nil && h.Pending.Id == id {
		h.Live = nil
	}
	x.drop(holder, id)
}

func (x *State) dropEmptyHolders() {
	x.Holders = slices.DeleteFunc(x.Holders, func(h *Holder) bool { return h.Live == nil && h.Pending == nil })
}

// budget returns the window of a budget, or nil.
func budget(list []*Times, name string) *Times {
	for _, w := range list {
		if w.Budget == name {
			return w
		}
	}
	return nil
}

// cooldown returns how long an interval since the last send still lasts.
func (x *State) cooldown(now int64, interval time.Duration) int64 {
	one := caches.Window{Max: 1, Per: interval}
	left := x.Throttled.remaining(now, one)
	for _, w := range x.Sends {
		left = max(left, w.remaining(now, one))
	}
	return left
}

// addTo keeps a time in the window of a budget for per.
func addTo(list *[]*Times, name string, per, at int64) {
	if per <= 0 {
		return
	}
	w := budget(*list, name)
	if w == nil {
		w = &Times{Budget: name}
		*list = append(*list, w)
	}
	w.add(per, at)
}
