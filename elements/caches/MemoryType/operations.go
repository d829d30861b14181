package memorytype

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/ledger"
)

// Reserve implements caches.Store.
func (s *Store) Reserve(ctx context.Context, r caches.Reserve) (answer caches.Reserved, err error) {
	keys := []string{r.Key}
	for _, limit := range slices.Concat(r.Proof.Full, r.Shared) {
		keys = append(keys, limit.Key)
	}
	for _, c := range r.Crowds {
		keys = append(keys, c.Key)
	}
	if r.Proof.Mark != "" {
		keys = append(keys, r.Proof.Mark)
	}
	need := func(v *view) int {
		n := v.missing(r.Key, stateKey(r.Key))
		for _, limit := range r.Shared {
			n += v.missing(limit.Key, windowKey(limit.Key, ledger.Millis(limit.Window.Per)))
		}
		for _, c := range r.Crowds {
			n += v.missing(c.Key, crowdKey(c.Key))
		}
		if r.Proof.Mark != "" {
			n += v.missing(r.Proof.Mark, markKey(r.Proof.Mark))
		}
		return n
	}
	err = s.step(ctx, keys, need, func(v *view) {
		state := v.state(r.Key)
		if answer = state.Reserve(v.now, &r, v); answer.Verdict == caches.OK {
			v.keepState(r.Key, state)
		}
	})
	return answer, err
}

// Settle implements caches.Store.
func (s *Store) Settle(ctx context.Context, e caches.Settle) error {
	keys := []string{e.Key}
	for _, limit := range e.Shared {
		keys = append(keys, limit.Key)
	}
	var tells []tell
	err := s.step(ctx, keys, nothing, func(v *view) {
		if state := v.state(e.Key); state.Settle(v.now, &e, apart{v, &tells}) {
			v.keepState(e.Key, state)
		}
	})
	s.tell(tells)
	return err
}

// Guess implements caches.Store.
func (s *Store) Guess(ctx context.Context, g caches.Guess) (answer caches.Guessed, err error) {
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
		token := load[ledger.Token](v, r.Key, name)
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
		if token := load[ledger.Token](v, e.Key, name); token.EndClaim(v.now, &e) {
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
func (s *Store) Begin(ctx context.Context, b caches.Begin) (answer caches.Begun, err error) {
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

func (v *view) state(key string) *ledger.State {
	if s := load[ledger.State](v, key, stateKey(key)); s != nil {
		return s
	}
	return &ledger.State{}
}

func (v *view) repeat(key string) *ledger.Repeat {
	if r := load[ledger.Repeat](v, key, repeatKey(key)); r != nil {
		return r
	}
	return &ledger.Repeat{}
}

func (v *view) keepState(key string, s *ledger.State) {
	v.keep(key, stateKey(key), s, s.Expires())
}

func (v *view) issue(key string, i *caches.Issue) {
	token := ledger.NewToken(v.now, i)
	v.keep(key, tokenKey(key, i.Hash), token, token.End())
}
