package otpstate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// A caller that got an error doesn't use what it claimed, so nobody waits for it.
func TestAClaimWhoseCallerGotAnErrorIsReleased(t *testing.T) {
	s := newKept(t)
	at := func(seconds int64) *Step { return s.at(1000 + 1000*seconds) }
	at(0).reserve(&caches.Reserve{Request: "r", Key: "k", Code: caches.Code{ID: "c", MAC: "m", Purposes: []string{"p"}}, TTL: time.Minute}, "x")
	claim := func(request string) *caches.Guess {
		return &caches.Guess{Request: request, Key: "k", Purpose: "p", MAC: "m", Attempts: 5, Then: caches.Claim, ClaimFor: 10 * time.Second}
	}
	require.Equal(t, caches.GuessRight, at(0).guess(claim("a"), "a1").Outcome)
	at(0).undoGuess(claim("a"), "another attempt")
	require.Equal(t, caches.GuessBusy, at(0).guess(claim("b"), "b1").Outcome)
	at(0).undoGuess(claim("a"), "a1")
	require.Equal(t, caches.GuessRight, at(0).guess(claim("b"), "b1").Outcome)

	// What a repeat goes on with stays, whichever attempt is undone.
	require.Equal(t, caches.GuessRight, at(0).guess(claim("b"), "b2").Outcome)
	at(0).undoGuess(claim("b"), "b1")
	at(0).undoGuess(claim("b"), "b2")
	require.Equal(t, caches.GuessBusy, at(0).guess(claim("c"), "c1").Outcome)
	at(1).endClaim(&caches.EndClaim{Request: "b", Key: "k", CodeID: "c"}, "")
	require.Equal(t, caches.GuessRight, at(1).guess(claim("c"), "c1").Outcome)
	at(1).undoGuess(claim("b"), "b2")
	require.Equal(t, caches.GuessBusy, at(1).guess(claim("d"), "d1").Outcome)
	require.Equal(t, caches.GuessUnresolved, at(12).guess(claim("d"), "d1").Outcome, "a claim that expires is still asked about")
}

func TestATokensClaimWhoseCallerGotAnErrorIsReleased(t *testing.T) {
	s := newKept(t)
	s.at(1000).issue("k", &caches.Issue{Hash: "h", Value: []byte("v"), TTL: time.Minute})
	claim := func(request string) *caches.TokenRequest {
		return &caches.TokenRequest{Request: request, Key: "k", Hash: "h", Then: caches.Claim, ClaimFor: 10 * time.Second}
	}
	require.Equal(t, caches.TokenValid, s.at(1000).token(claim("a"), "a1").Outcome)
	s.at(1000).undoToken(claim("a"), "another attempt")
	require.Equal(t, caches.TokenBusy, s.at(1000).token(claim("b"), "b1").Outcome)
	s.at(1000).undoToken(claim("a"), "a1")
	require.Equal(t, caches.TokenValid, s.at(1000).token(claim("b"), "b1").Outcome)
	require.Equal(t, caches.TokenValid, s.at(1000).token(claim("b"), "b2").Outcome)
	for _, attempt := range []string{"b1", "b2"} {
		s.at(1000).undoToken(claim("b"), attempt)
		require.Equal(t, caches.TokenBusy, s.at(1000).token(claim("c"), "c1").Outcome, "a repeat goes on with it")
	}
}
