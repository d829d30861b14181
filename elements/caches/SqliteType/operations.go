package sqlitetype

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/caches/internal/otpstate"
)

// Reserve implements caches.Store.
func (s *Store) Reserve(ctx context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	var answer caches.ReserveResult
	err := s.do(ctx, &job{
		run: func(t *tx) error {
			return t.state(r.Key, func(now int64, state *otpstate.State) bool {
				answer = state.Reserve(now, &r, counters{t, now})
				return answer.Outcome == caches.Reserved
			})
		},
		undo: func(t *tx) error {
			return t.state(r.Key, func(now int64, state *otpstate.State) bool {
				return state.Undo(now, &r, counters{t, now})
			})
		},
	})
	if err != nil {
		return caches.ReserveResult{}, err
	}
	return answer, nil
}

// Commit implements caches.ReservationStore.
func (s *Store) Commit(ctx context.Context, r caches.Reservation) error {
	return s.do(ctx, &job{run: func(t *tx) error {
		return t.state(r.Key, func(now int64, state *otpstate.State) bool { return state.Commit(now, &r) })
	}})
}

// Rollback implements caches.ReservationStore.
func (s *Store) Rollback(ctx context.Context, r caches.Reservation, refusals caches.Window) error {
	return s.do(ctx, &job{run: func(t *tx) error {
		return t.state(r.Key, func(now int64, state *otpstate.State) bool {
			return state.Rollback(now, &r, refusals, counters{t, now})
		})
	}})
}

// Guess implements caches.Store.
func (s *Store) Guess(ctx context.Context, g caches.Guess) (caches.GuessResult, error) {
	var answer caches.GuessResult
	attempt := uuid.NewString()
	err := s.do(ctx, &job{
		run: func(t *tx) error {
			issue := false
			err := t.state(g.Key, func(now int64, state *otpstate.State) (changed bool) {
				answer, issue, changed = state.Guess(now, &g, attempt, counters{t, now})
				return changed
			})
			if err == nil && issue {
				err = t.issue(g.Key, g.Issue)
			}
			return err
		},
		undo: func(t *tx) error { return t.takeBack(&g, attempt) },
	})
	if err != nil {
		return caches.GuessResult{}, err
	}
	return answer, nil
}

// EndClaim implements caches.Store.
func (s *Store) EndClaim(ctx context.Context, e caches.EndClaim) error {
	return s.do(ctx, &job{run: func(t *tx) error {
		issue := false
		err := t.state(e.Key, func(now int64, state *otpstate.State) (changed bool) {
			issue, changed = state.EndClaim(now, &e)
			return changed
		})
		if err == nil && issue {
			err = t.issue(e.Key, e.Issue)
		}
		return err
	}})
}

// Token implements caches.Store.
func (s *Store) Token(ctx context.Context, r caches.TokenRequest) (caches.TokenResult, error) {
	var answer caches.TokenResult
	attempt := uuid.NewString()
	err := s.do(ctx, &job{
		run: func(t *tx) error {
			return t.token(r.Key, r.Hash, func(now int64, token *otpstate.Token) (changed bool) {
				answer, changed = token.Ask(now, &r, attempt)
				return changed
			})
		},
		undo: func(t *tx) error {
			return t.token(r.Key, r.Hash, func(_ int64, token *otpstate.Token) bool {
				return token.TakeBack(&r, attempt)
			})
		},
	})
	if err != nil {
		return caches.TokenResult{}, err
	}
	return answer, nil
}

// EndToken implements caches.Store.
func (s *Store) EndToken(ctx context.Context, e caches.EndToken) error {
	return s.do(ctx, &job{run: func(t *tx) error {
		return t.token(e.Key, e.Hash, func(now int64, token *otpstate.Token) bool {
			return token.EndClaim(now, &e)
		})
	}})
}

// Issue implements caches.Store.
func (s *Store) Issue(ctx context.Context, key string, i caches.Issue) error {
	return s.do(ctx, &job{run: func(t *tx) error { return t.issue(key, &i) }})
}

// Begin implements caches.Store.
func (s *Store) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	var answer caches.BeginResult
	err := s.do(ctx, &job{run: func(t *tx) error {
		return t.repeat(b.Key, func(now int64, r *otpstate.Repeat) (changed bool) {
			answer, changed = r.Begin(now, &b)
			return changed
		})
	}})
	if err != nil {
		return caches.BeginResult{}, err
	}
	return answer, nil
}

// Finish implements caches.Store.
func (s *Store) Finish(ctx context.Context, key, owner string, answer []byte, ttl time.Duration) error {
	return s.do(ctx, &job{run: func(t *tx) error {
		return t.repeat(key, func(now int64, r *otpstate.Repeat) bool {
			return r.Finish(now, owner, answer, ttl)
		})
	}})
}

// state runs one step on an identity's state.
func (t *tx) state(key string, step func(now int64, s *otpstate.State) (changed bool)) error {
	now, name := t.now(), stateKey(key)
	stored, err := t.get(name, now)
	if err != nil {
		return err
	}
	s := &otpstate.State{}
	if stored != nil {
		if s, err = otpstate.DecodeState(stored); err != nil {
			return unavailable(err)
		}
	}
	if !step(now, s) {
		return t.fail(t.err)
	}
	return t.put(name, s.Encode(), s.Expires(), now)
}

// token runs one step on a token, nil where there is none.
func (t *tx) token(key, hash string, step func(now int64, k *otpstate.Token) (changed bool)) error {
	now, name := t.now(), tokenKey(key, hash)
	stored, err := t.get(name, now)
	if err != nil {
		return err
	}
	var k *otpstate.Token
	if stored != nil {
		if k, err = otpstate.DecodeToken(stored); err != nil {
			return unavailable(err)
		}
	}
	if !step(now, k) {
		return nil
	}
	return t.put(name, k.Encode(), k.End(), now)
}

func (t *tx) repeat(key string, step func(now int64, r *otpstate.Repeat) (changed bool)) error {
	now, name := t.now(), repeatKey(key)
	stored, err := t.get(name, now)
	if err != nil {
		return err
	}
	r := &otpstate.Repeat{}
	if stored != nil {
		if r, err = otpstate.DecodeRepeat(stored); err != nil {
			return unavailable(err)
		}
	}
	if !step(now, r) {
		return nil
	}
	return t.put(name, r.Encode(), r.Expires, now)
}

// takeBack takes a guess back, and the token that it issued.
func (t *tx) takeBack(g *caches.Guess, attempt string) error {
	taken := false
	err := t.state(g.Key, func(now int64, s *otpstate.State) bool {
		taken = s.TakeBack(now, g, attempt)
		return taken
	})
	if err == nil && taken && g.Issue != nil {
		err = t.put(tokenKey(g.Key, g.Issue.Hash), nil, 0, t.now())
	}
	return err
}

func (t *tx) issue(key string, i *caches.Issue) error {
	now := t.now()
	token := otpstate.NewToken(now, i)
	return t.put(tokenKey(key, i.Hash), token.Encode(), token.End(), now)
}
