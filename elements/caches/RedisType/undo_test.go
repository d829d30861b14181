package redistype

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/internal/testredis"
)

// replicas are two stores on one server, the first behind a proxy.
func replicas(t *testing.T) (p *proxy, near, other *Store) {
	server := testredis.Start(t)
	p = newProxy(t, server.Addr)
	near, other = openStore(t, Config{URL: "redis://" + p.addr}), openStore(t, Config{URL: server.URL()})
	require.NoError(t, near.Ready(ctx))
	require.NoError(t, other.Ready(ctx))
	warm(t, other)
	return p, near, other
}

// warm sends the scripts of guesses and tokens to the server. It can't get them while its
// replies are lost.
func warm(t *testing.T, s *Store) {
	r := sent(t, s, "warm")
	_, err := s.Guess(ctx, guessOf(r, 1))
	require.NoError(t, err)
	_, err = s.Token(ctx, caches.TokenRequest{Request: "warm", Key: "warm", Hash: "h", Then: caches.Keep})
	require.NoError(t, err)
}

// soon waits for what takes no time unless the machine is busy.
func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, 30*time.Second, 10*time.Millisecond, what)
}

func sent(t *testing.T, s *Store, key string) caches.Reserve {
	r := reserveOf(key, 1)
	_, err := s.Reserve(ctx, r)
	require.NoError(t, err)
	require.NoError(t, s.Commit(ctx, reservationOf(r)))
	return r
}

func TestACodeThatWasConsumedWithoutAReplyIsRightElsewhere(t *testing.T) {
	p, near, other := replicas(t)
	r := sent(t, other, "k")
	p.greet.Store(true)
	p.cut.Store(-1)
	watch := pace.Start(t)
	_, err := near.Guess(ctx, guessOf(r, 1))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	watch.Within(t, time.Second)
	soon(t, "the token that nobody got is gone", func() bool {
		got, err := other.Token(ctx, caches.TokenRequest{Request: "t", Key: "k", Hash: "h", Then: caches.Keep})
		return err == nil && got.Outcome == caches.TokenGone
	})
	for n, want := range []caches.GuessOutcome{caches.GuessRight, caches.GuessWrong} {
		got, err := other.Guess(ctx, guessOf(r, 2+n))
		require.NoError(t, err)
		require.Equal(t, want, got.Outcome)
	}
	p.cut.Store(0)
	soon(t, "nothing waits", func() bool { return len(near.undos) == 0 })
	got, err := other.Guess(ctx, guessOf(r, 4))
	require.NoError(t, err)
	require.Equal(t, caches.GuessWrong, got.Outcome, "it is restored once")
}

// The next guess in the same process finds the code restored, also while the undo waits.
func TestACodeIsRestoredBeforeTheNextGuess(t *testing.T) {
	_, near, other := replicas(t)
	r := sent(t, other, "k")
	g := guessOf(r, 1)
	require.Equal(t, caches.GuessRight, guessAs(t, other, g, "lost"))
	near.pending.add(&pendingUndo{key: stateKey("k"), until: time.Now().Add(time.Minute), try: func(ctx context.Context) bool {
		_, err := near.callWhole(ctx, undoGuessScript, []string{stateKey("k")}, near.args(4).add(g.Request, "lost", ""))
		return err == nil
	}})
	got, err := near.Guess(ctx, guessOf(r, 2))
	require.NoError(t, err)
	require.Equal(t, caches.GuessRight, got.Outcome)
	require.Empty(t, near.pending.take(stateKey("k")))
}

func TestAClaimWithoutAReplyIsReleased(t *testing.T) {
	p, near, other := replicas(t)
	r := sent(t, other, "k")
	claim := func(n int) caches.Guess {
		g := guessOf(r, n)
		g.Then, g.Issue = caches.Claim, nil
		return g
	}
	p.greet.Store(true)
	p.cut.Store(-1)
	_, err := near.Guess(ctx, claim(1))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	n := 1
	soon(t, "it can be claimed", func() bool {
		n++
		got, err := other.Guess(ctx, claim(n))
		return err == nil && got.Outcome == caches.GuessRight
	})
	got, err := other.Guess(ctx, claim(n+1))
	require.NoError(t, err)
	require.Equal(t, caches.GuessBusy, got.Outcome)
	// A claim that a repeat goes on with stays, although the call before is undone.
	s := sent(t, other, "on")
	on := guessOf(s, 1)
	on.Then, on.Issue = caches.Claim, nil
	require.Equal(t, caches.GuessRight, guessAs(t, other, on, "attempt-1"))
	require.Equal(t, caches.GuessRight, guessAs(t, other, on, "attempt-2"))
	for _, attempt := range []string{"attempt-1", "attempt-2"} {
		other.undo(ctx, &failure{unknown: true}, on.Request, attempt, []string{stateKey("on")}, undoGuessScript, "")
		another := guessOf(s, 2)
		another.Then, another.Issue = caches.Claim, nil
		got, err := other.Guess(ctx, another)
		require.NoError(t, err)
		require.Equal(t, caches.GuessBusy, got.Outcome)
	}
}

func TestATokensClaimWithoutAReplyIsReleased(t *testing.T) {
	p, near, other := replicas(t)
	require.NoError(t, other.Issue(ctx, "k", caches.Issue{Hash: "h", Value: []byte("v"), TTL: time.Minute}))
	claim := func(n int) caches.TokenRequest {
		return caches.TokenRequest{Request: fmt.Sprint("claim", n), Key: "k", Hash: "h", Then: caches.Claim, ClaimFor: 10 * time.Minute}
	}
	p.greet.Store(true)
	p.cut.Store(-1)
	_, err := near.Token(ctx, claim(1))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	n := 1
	soon(t, "it can be claimed", func() bool {
		n++
		got, err := other.Token(ctx, claim(n))
		return err == nil && got.Outcome == caches.TokenValid
	})
	got, err := other.Token(ctx, claim(n+1))
	require.NoError(t, err)
	require.Equal(t, caches.TokenBusy, got.Outcome)
	_, err = other.Token(ctx, claim(n))
	require.NoError(t, err)
	for _, attempt := range []string{"attempt-1", "attempt-2"} {
		other.undo(ctx, &failure{unknown: true}, claim(n).Request, attempt, []string{tokenKey("k", "h")}, undoTokenScript)
		got, err = other.Token(ctx, claim(n+1))
		require.NoError(t, err)
		require.Equal(t, caches.TokenBusy, got.Outcome, "a repeat goes on with it")
	}
}

// A new connection would need replies first; one that is kept for undos has had them. A
// busy machine may be too slow for the time that is left, but not every time.
func TestACodeIsRestoredWhileAllRepliesAreLost(t *testing.T) {
	p, near, other := replicas(t)
	back := 0
	for n := range 5 {
		r := sent(t, other, fmt.Sprintf("k%d", n))
		soon(t, "it is answered", func() bool { return near.pingUndoConnections(ctx) == nil && near.Ready(ctx) == nil })
		p.cut.Store(-1)
		_, err := near.Guess(ctx, guessOf(r, 1))
		require.ErrorIs(t, err, caches.ErrUnavailable)
		got, err := other.Guess(ctx, guessOf(r, 2))
		require.NoError(t, err)
		if got.Outcome == caches.GuessRight {
			back++
		}
		p.cut.Store(0)
	}
	require.Positive(t, back)
}

// Without a connection for undos, the code is restored once the server replies.
func TestACodeIsRestoredWhenTheServerRepliesAgain(t *testing.T) {
	p, near, other := replicas(t)
	r := sent(t, other, "k")
	p.cut.Store(-1)
	_, err := near.Guess(ctx, guessOf(r, 1))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	p.cut.Store(0)
	n := 1
	soon(t, "it is right", func() bool {
		n++
		got, err := other.Guess(ctx, guessOf(r, n))
		return err == nil && got.Outcome == caches.GuessRight
	})
}

func TestAFrozenServerConsumesNoCode(t *testing.T) {
	server := testredis.Start(t)
	s := openStore(t, Config{URL: server.URL()})
	warm(t, s)
	r := sent(t, s, "k")
	server.Freeze()
	_, err := s.Guess(ctx, guessOf(r, 1))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	server.Thaw()
	// The server now runs what waited in its connections: the guess and its undo.
	soon(t, "it is right", func() bool {
		got, err := s.Guess(ctx, guessOf(r, 2))
		return err == nil && got.Outcome == caches.GuessRight
	})
}

func TestARepeatKeepsWhatTheFailedCallTook(t *testing.T) {
	_, near, other := replicas(t)
	r := sent(t, other, "k")
	first := guessOf(r, 1)
	keys := withToken(stateKey("k"), "k", first.Issue, other.args(0))
	require.Equal(t, caches.GuessRight, guessAs(t, other, first, "attempt-1"))
	got, err := other.Guess(ctx, first)
	require.NoError(t, err)
	require.Equal(t, caches.GuessRight, got.Outcome, "a repeat gets the first result")
	near.undo(ctx, &failure{unknown: true}, first.Request, "attempt-1", keys, undoGuessScript, "")
	token, err := other.Token(ctx, caches.TokenRequest{Request: "t", Key: "k", Hash: "h", Then: caches.Keep})
	require.NoError(t, err)
	require.Equal(t, caches.TokenValid, token.Outcome, "the repeat has it")
	got, err = other.Guess(ctx, guessOf(r, 2))
	require.NoError(t, err)
	require.Equal(t, caches.GuessWrong, got.Outcome)

	late := sent(t, other, "late")
	g := guessOf(late, 1)
	near.undo(ctx, &failure{unknown: true}, g.Request, "attempt-2", undoGuessKeys(&g), undoGuessScript, "")
	require.Equal(t, caches.GuessOutcome(""), guessAs(t, other, g, "attempt-2"), "a late call that was undone takes nothing")
	got, err = other.Guess(ctx, guessOf(late, 2))
	require.NoError(t, err)
	require.Equal(t, caches.GuessRight, got.Outcome)
}

// guessAs makes a guess whose attempt the test names.
func guessAs(t *testing.T, s *Store, g caches.Guess, attempt string) caches.GuessOutcome {
	keys, a := s.guessArgs(&g, attempt, false)
	r, err := s.call(ctx, guessScript, keys, a)
	require.NoError(t, err)
	return caches.GuessOutcome(r.text(0))
}

func TestATokenThatWasTakenWithoutAReplyIsFree(t *testing.T) {
	p, near, other := replicas(t)
	require.NoError(t, other.Issue(ctx, "k", caches.Issue{Hash: "h", Value: []byte("v"), TTL: time.Minute}))
	take := func(request string) caches.TokenRequest {
		return caches.TokenRequest{Request: request, Key: "k", Hash: "h", Then: caches.Consume, Linger: time.Minute}
	}
	p.greet.Store(true)
	p.cut.Store(-1)
	_, err := near.Token(ctx, take("a"))
	require.ErrorIs(t, err, caches.ErrUnavailable)
	n := 0
	again := func() caches.TokenOutcome {
		n++
		got, err := other.Token(ctx, take(fmt.Sprint(n)))
		require.NoError(t, err)
		return got.Outcome
	}
	soon(t, "it can be taken", func() bool { return again() == caches.TokenValid })
	require.Equal(t, caches.TokenUsed, again())
}
