package memorytype

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// Reserve implements caches.Store.
func (s *Store) Reserve(ctx context.Context, r caches.Reserve) (answer caches.ReserveResult, err error) {
	keys := []string{r.Key}
	for _, limit := range slices.Concat(r.Captcha.RequiredWhenFull, r.Shared) {
		keys = append(keys, limit.Key)
	}
	for _, c := range r.RiskGroups {
		keys = append(keys, c.Key)
	}
	if r.Captcha.UseKey != "" {
		keys = append(keys, r.Captcha.UseKey)
	}
	need := func(v *view) int {
		n := v.missing(r.Key, stateKey(r.Key))
		for _, limit := range r.Shared {
			n += v.missing(limit.Key, windowKey(limit.Key, otpstate.Millis(limit.Window.Per)))
		}
		for _, c := range r.RiskGroups {
			n += v.missing(c.Key, crowdKey(c.Key))
		}
		if r.Captcha.UseKey != "" {
			n += v.missing(r.Captcha.UseKey, markKey(r.Captcha.UseKey))
		}
		return n
	}
	err = s.step(ctx, keys, need, func(v *view) {
		state := v.state(r.Key)
		if answer = state.Reserve(v.now, &r, v); answer.Outcome == caches.Reserved {
			v.keepState(r.Key, state)
		}
	})
	return answer, err
}

// Commit implements caches.ReservationStore.
func (s *Store) Commit(ctx context.Context, r caches.Reservation) error {
	return s.step(ctx, []string{r.Key}, nothing, func(v *view) {
		if state := v.state(r.Key); state.Commit(v.now, &r) {
			v.keepState(r.Key, state)
		}
	})
}

// Rollback implements caches.ReservationStore.
func (s *Store) Rollback(ctx context.Context, r caches.Reservation, refusals caches.Window) error {
	keys := []string{r.Key}
	for _, limit := range r.Shared {
		keys = append(keys, limit.Key)
	}
	var tells []tell
	err := s.step(ctx, keys, nothing, func(v *view) {
		if state := v.state(r.Key); state.Rollback(v.now, &r, refusals, apart{v, &tells}) {
			v.keepState(r.Key, state)
		}
	})
	s.tell(tells)
	return err
}

// Guess implements caches.Store.
func (s *Store) Guess(ctx context.Context, g caches.Guess) (answer caches.GuessResult, err error) {
	need := func(v *view) int {
		if g.Then != caches.Consume || g.Issue == nil || v.missing(g.Key, stateKey(g.Key)) > 0 {
			return 0
		}
		return 1
	}
	var tells []tell
	err = s.step(ctx, []string{g.Key}, need, func(v *view) {
		state := v.state(g.Key)
		var issue, changed bool
		if answer, issue, changed = state.Guess(v.now, &g, "", apart{v, &tells}); changed {
			v.keepState(g.Key, state)
		}
		if issue {
			v.issue(g.Key, g.Issue)
		}
	})
	s.tell(tells)
	return answer, err
}

// EndClaim implements caches.Store.
func (s *Store) EndClaim(ctx context.Context, e caches.EndClaim) error {
	need := func(v *view) int {
		n := 0
		if e.Used {
			n += v.missing(e.Key, stateKey(e.Key))
		}
		if e.Used && e.Issue != nil {
			n++
		}
		return n
	}
	return s.step(ctx, []string{e.Key}, need, func(v *view) {
		state := v.state(e.Key)
		issue, changed := state.EndClaim(v.now, &e)
		if changed {
			v.keepState(e.Key, state)
		}
		if issue {
			v.issue(e.Key, e.Issue)
		}
	})
}

// Token implements caches.Store.
func (s *Store) Token(ctx context.Context, r caches.TokenRequest) (answer caches.TokenResult, err error) {
	err = s.step(ctx, []string{r.Key}, nothing, func(v *view) {
		name := tokenKey(r.Key, r.Hash)
		token := load[otpstate.Token](v, r.Key, name)
		var changed bool
		if answer, changed = token.Ask(v.now, &r, ""); changed {
			v.keep(r.Key, name, token, token.End())
		}
	})
	return answer, err
}

// EndToken implements caches.Store.
func (s *Store) EndToken(ctx context.Context, e caches.EndToken) error {
	return s.step(ctx, []string{e.Key}, nothing, func(v *view) {
		name := tokenKey(e.Key, e.Hash)
		if token := load[otpstate.Token](v, e.Key, name); token.EndClaim(v.now, &e) {
			v.keep(e.Key, name, token, token.End())
		}
	})
}

// Issue implements caches.Store.
func (s *Store) Issue(ctx context.Context, key string, i caches.Issue) error {
	need := func(v *view) int { return v.missing(key, tokenKey(key, i.Hash)) }
	return s.step(ctx, []string{key}, need, func(v *view) { v.issue(key, &i) })
}

// Begin implements caches.Store.
func (s *Store) Begin(ctx context.Context, b caches.Begin) (answer caches.BeginResult, err error) {
	need := func(v *view) int { return v.missing(b.Key, repeatKey(b.Key)) }
	err = s.step(ctx, []string{b.Key}, need, func(v *view) {
		r := v.repeat(b.Key)
		var changed bool
		if answer, changed = r.Begin(v.now, &b); changed {
			v.keep(b.Key, repeatKey(b.Key), r, r.Expires)
		}
	})
	return answer, err
}

// Finish implements caches.Store.
func (s *Store) Finish(ctx context.Context, key, owner string, answer []byte, ttl time.Duration) error {
	return s.step(ctx, []string{key}, nothing, func(v *view) {
		if r := v.repeat(key); r.Finish(v.now, owner, answer, ttl) {
			v.keep(key, repeatKey(key), r, r.Expires)
		}
	})
}

func nothing(*view) int { return 0 }

func (v *view) state(key string) *otpstate.State {
	if s := load[otpstate.State](v, key, stateKey(key)); s != nil {
		return s
	}
	return &otpstate.State{}
}

func (v *view) repeat(key string) *otpstate.Repeat {
	if r := load[otpstate.Repeat](v, key, repeatKey(key)); r != nil {
		return r
	}
	return &otpstate.Repeat{}
}

func (v *view) keepState(key string, s *otpstate.State) {
	v.keep(key, stateKey(key), s, s.Expires())
}

func (v *view) issue(key string, i *caches.Issue) {
	token := otpstate.NewToken(v.now, i)
	v.keep(key, tokenKey(key, i.Hash), token, token.End())
}
