package redistype

import (
	"context"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
)

// Guess implements caches.CodeStore.
func (s *Store) Guess(ctx context.Context, g caches.Guess) (caches.GuessResult, error) {
	whole, ctx, cancel := boundedToUndo(ctx)
	defer cancel()
	attempt := uuid.NewString()
	s.undoFirst(ctx, stateKey(g.Key))
	if s.cluster {
		result, err := s.takeGuesses(ctx, &g, attempt)
		if err != nil || result.Outcome != "" {
			return result, err
		}
	}
	keys, a := s.guessArgs(&g, attempt, false)
	r, err := s.call(ctx, guessScript, keys, a)
	if err != nil {
		if g.Then != caches.Keep {
			s.undo(whole, err, g.Request, attempt, undoGuessKeys(&g), undoGuessScript, g.Holder)
		}
		return caches.GuessResult{}, err
	}
	if counted := r.number(3) == 1; s.cluster && !counted {
		s.returnLimits(ctx, g.Shared, attempt)
	}
	s.endUnverified(ctx, r, 4, true)
	if r.text(0) == "" {
		return caches.GuessResult{}, &failure{reason: "the guess was undone"}
	}
	return guessResult(r), nil
}

func guessResult(r reply) caches.GuessResult {
	return caches.GuessResult{Outcome: caches.GuessOutcome(r.text(0)), RetryAfter: r.wait(1), CodeID: r.text(2)}
}

// guessArgs returns the keys and arguments of the script. A peek changes nothing.
func (s *Store) guessArgs(g *caches.Guess, attempt string, peek bool) ([]string, *args) {
	a := s.args(32).add(g.Request, attempt, peek, s.cluster,
		g.Holder, g.Budget, g.Purpose, g.MAC, g.Length, g.FreshLength,
		g.Attempts, g.Guesses, int(g.Then), g.ClaimFor, g.Cleared, g.Issue != nil)
	keys := withToken(stateKey(g.Key), g.Key, g.Issue, a)
	return append(keys, s.limits(a, g.Shared)...), a
}

func undoGuessKeys(g *caches.Guess) []string {
	return withToken(stateKey(g.Key), g.Key, g.Issue, &args{})
}

// EndClaim implements caches.CodeStore.
func (s *Store) EndClaim(ctx context.Context, e caches.EndClaim) error {
	a := s.args(6).add(e.Request, e.Holder, e.CodeID, e.Used)
	keys := withToken(stateKey(e.Key), e.Key, e.Issue, a)
	_, err := s.call(ctx, endClaimScript, keys, a)
	return err
}

// withToken returns a script's keys, with that of a token to issue if there is one, and
// adds the token to its arguments.
func withToken(state, key string, i *caches.Issue, a *args) []string {
	if i == nil {
		return []string{state}
	}
	a.add(string(i.Value), i.TTL)
	return []string{state, tokenKey(key, i.Hash)}
}

// Token implements caches.TokenStore.
func (s *Store) Token(ctx context.Context, t caches.TokenRequest) (caches.TokenResult, error) {
	whole, ctx, cancel := boundedToUndo(ctx)
	defer cancel()
	keys, attempt := []string{tokenKey(t.Key, t.Hash)}, uuid.NewString()
	s.undoFirst(ctx, keys[0])
	r, err := s.call(ctx, tokenScript, keys, s.args(5).add(t.Request, attempt, int(t.Then), t.ClaimFor, t.Linger))
	if err != nil {
		if t.Then != caches.Keep {
			s.undo(whole, err, t.Request, attempt, keys, undoTokenScript)
		}
		return caches.TokenResult{}, err
	}
	if r.text(0) == "" {
		return caches.TokenResult{}, &failure{reason: "the call was undone"}
	}
	return caches.TokenResult{Outcome: caches.TokenOutcome(r.text(0)), Value: r.bytes(1)}, nil
}

// EndToken implements caches.TokenStore.
func (s *Store) EndToken(ctx context.Context, e caches.EndToken) error {
	_, err := s.call(ctx, endTokenScript, []string{tokenKey(e.Key, e.Hash)}, s.args(3).add(e.Request, int(e.End), e.Linger))
	return err
}

// Issue implements caches.TokenStore.
func (s *Store) Issue(ctx context.Context, key string, i caches.Issue) error {
	_, err := s.call(ctx, issueScript, []string{tokenKey(key, i.Hash)}, s.args(2).add(string(i.Value), i.TTL))
	return err
}
