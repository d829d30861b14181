package redistype

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/caches"
)

// Commit implements caches.ReservationStore.
func (s *Store) Commit(ctx context.Context, r caches.Reservation) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := s.ask(ctx, commitScript, []string{stateKey(r.Key)}, s.args(3).add(r.Request, r.Holder, r.CodeID))
	return err
}

// Rollback implements caches.ReservationStore.
func (s *Store) Rollback(ctx context.Context, r caches.Reservation, refusals caches.Window) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	keys := []string{stateKey(r.Key)}
	if !s.apart {
		for _, limit := range r.Shared {
			keys = append(keys, sharedKey(limit))
		}
	}
	reply, err := s.ask(ctx, rollbackScript, keys,
		s.args(7).add(r.Request, r.Holder, r.Bucket, r.CodeID, !s.apart, refusals))
	if err != nil {
		return err
	}
	if s.apart && parsed(reply).number(0) == 1 {
		s.giveShared(ctx, r.Shared, r.CodeID)
		s.tellApart(ctx, reply, 1, false)
	}
	return nil
}

// Guess implements caches.Store.
func (s *Store) Guess(ctx context.Context, g caches.Guess) (caches.GuessResult, error) {
	whole, ctx, cancel := boundedTaking(ctx)
	defer cancel()
	attempt := uuid.NewString()
	a := s.args(16).add(g.Request, attempt, g.Holder, g.Bucket, g.Purpose, g.MAC,
		g.Attempts, g.Guesses, int(g.Then), g.ClaimFor, g.Cleared, !s.apart)
	keys := issued(stateKey(g.Key), g.Key, g.Issue, a)
	reply, err := s.ask(ctx, guessScript, keys, a)
	if err != nil {
		if g.Then != caches.Keep {
			s.takeBack(whole, err, g.Request, attempt, keys, takeBackScript, g.Holder)
		}
		return caches.GuessResult{}, err
	}
	s.tellApart(ctx, reply, 3, true)
	p := parsed(reply)
	if p.text(0) == "" {
		return caches.GuessResult{}, &failure{reason: "the guess was given up"}
	}
	return caches.GuessResult{Outcome: caches.GuessOutcome(p.text(0)), RetryAfter: p.wait(1), CodeID: p.text(2)}, nil
}

// EndClaim implements caches.Store.
func (s *Store) EndClaim(ctx context.Context, e caches.EndClaim) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	a := s.args(6).add(e.Request, e.Holder, e.CodeID, e.Used)
	keys := issued(stateKey(e.Key), e.Key, e.Issue, a)
	_, err := s.ask(ctx, endClaimScript, keys, a)
	return err
}

// issued adds a token's key and content to what a script is given.
func issued(state, key string, i *caches.Issue, a *args) []string {
	if i == nil {
		return []string{state}
	}
	a.add(string(i.Value), i.TTL)
	return []string{state, tokenKey(key, i.Hash)}
}

// Token implements caches.Store.
func (s *Store) Token(ctx context.Context, r caches.TokenRequest) (caches.TokenResult, error) {
	whole, ctx, cancel := boundedTaking(ctx)
	defer cancel()
	keys, attempt := []string{tokenKey(r.Key, r.Hash)}, uuid.NewString()
	reply, err := s.ask(ctx, tokenScript, keys,
		s.args(5).add(r.Request, attempt, int(r.Then), r.ClaimFor, r.Linger))
	if err != nil {
		if r.Then == caches.Consume {
			s.takeBack(whole, err, r.Request, attempt, keys, freeTokenScript)
		}
		return caches.TokenResult{}, err
	}
	p := parsed(reply)
	if p.text(0) == "" {
		return caches.TokenResult{}, &failure{reason: "the token was given up"}
	}
	return caches.TokenResult{Outcome: caches.TokenOutcome(p.text(0)), Value: p.bytes(1)}, nil
}

// EndToken implements caches.Store.
func (s *Store) EndToken(ctx context.Context, e caches.EndToken) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := s.ask(ctx, endTokenScript, []string{tokenKey(e.Key, e.Hash)}, s.args(3).add(e.Request, int(e.End), e.Linger))
	return err
}

// Issue implements caches.Store.
func (s *Store) Issue(ctx context.Context, key string, i caches.Issue) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := s.ask(ctx, issuedScript, []string{tokenKey(key, i.Hash)}, s.args(2).add(string(i.Value), i.TTL))
	return err
}

// Begin implements caches.Store.
func (s *Store) Begin(ctx context.Context, b caches.Begin) (caches.BeginResult, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	reply, err := s.ask(ctx, beginScript, []string{repeatKey(b.Key)},
		s.args(4).add(b.Owner, b.Fingerprint, b.Lease, b.TTL))
	if err != nil {
		return caches.BeginResult{}, err
	}
	p := parsed(reply)
	return caches.BeginResult{Outcome: caches.BeginOutcome(p.text(0)), Answer: p.bytes(1)}, nil
}

// Finish implements caches.Store.
func (s *Store) Finish(ctx context.Context, key, owner string, answer []byte, ttl time.Duration) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := s.ask(ctx, finishScript, []string{repeatKey(key)},
		s.args(4).add(owner, answer != nil, string(answer), ttl))
	return err
}
