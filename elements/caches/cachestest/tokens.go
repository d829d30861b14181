package cachestest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
)

// issue keeps a token with the value "value" under the scene's identity.
func (s *scene) issue(hash string, ttl time.Duration) {
	s.Helper()
	require.NoError(s, s.Store.EndClaim(s.ctx, caches.EndClaim{
		Request: s.request(), Key: s.key, CodeID: "none", Used: true,
		Issue: &caches.Issue{Hash: hash, Value: []byte("value"), TTL: ttl},
	}))
}

func (s *scene) token(hash string, then caches.Then, request string) caches.TokenResult {
	s.Helper()
	got, err := s.Store.Token(s.ctx, caches.TokenRequest{
		Request: request, Key: s.key, Hash: hash, Then: then, ClaimFor: 10 * time.Second, Linger: time.Minute,
	})
	require.NoError(s, err)
	return got
}

func (s *scene) read(hash string) caches.TokenResult {
	s.Helper()
	return s.token(hash, caches.Keep, s.request())
}

func (s *scene) take(hash string) caches.TokenResult {
	s.Helper()
	return s.token(hash, caches.Consume, s.request())
}

func (s *scene) endToken(hash, request string, end caches.TokenEnd) {
	s.Helper()
	require.NoError(s, s.Store.EndToken(s.ctx, caches.EndToken{
		Request: request, Key: s.key, Hash: hash, End: end, Linger: time.Minute,
	}))
}

var tokens = []rule{
	{"a token lives for its TTL, and no read prolongs it", func(s *scene) {
		require.Equal(s, caches.TokenGone, s.read("h").Outcome)
		s.issue("h", time.Minute)
		want := caches.TokenResult{Outcome: caches.TokenValid, Value: []byte("value")}
		require.Equal(s, want, s.read("h"))
		s.Advance(59 * time.Second)
		require.Equal(s, want, s.read("h"))
		s.Advance(time.Second)
		require.Equal(s, caches.TokenGone, s.read("h").Outcome)
	}},
	{"a token replaces one with the same hash", func(s *scene) {
		s.issue("h", time.Minute)
		require.Equal(s, caches.TokenValid, s.take("h").Outcome)
		again := caches.Issue{Hash: "h", Value: []byte("again"), TTL: 2 * time.Minute}
		require.NoError(s, s.Store.Issue(s.ctx, s.key, again))
		s.Advance(119 * time.Second)
		require.Equal(s, caches.TokenResult{Outcome: caches.TokenValid, Value: []byte("again")}, s.read("h"))
		s.Advance(time.Second)
		require.Equal(s, caches.TokenGone, s.read("h").Outcome)
	}},
	{"a token belongs to its key", func(s *scene) {
		s.issue("h", time.Minute)
		s.key += "x"
		require.Equal(s, caches.TokenGone, s.read("h").Outcome)
	}},
	{"a taken token is used, and has its value, while it lingers", func(s *scene) {
		s.issue("h", 10*time.Second)
		require.Equal(s, caches.TokenValid, s.take("h").Outcome)
		s.Advance(30 * time.Second)
		want := caches.TokenResult{Outcome: caches.TokenUsed, Value: []byte("value")}
		require.Equal(s, want, s.take("h"))
		require.Equal(s, want, s.read("h"))
		s.Advance(31 * time.Second)
		require.Equal(s, caches.TokenGone, s.take("h").Outcome)
	}},
	{"a repeat of the request that took the token gets it again", func(s *scene) {
		s.issue("h", time.Minute)
		q := s.request()
		require.Equal(s, caches.TokenValid, s.token("h", caches.Consume, q).Outcome)
		s.Advance(9 * time.Minute)
		require.Equal(s, caches.TokenResult{Outcome: caches.TokenValid, Value: []byte("value")}, s.token("h", caches.Consume, q))
	}},
	{"a claimed token is busy for others until the claim ends", func(s *scene) {
		s.issue("h", time.Minute)
		q := s.request()
		require.Equal(s, caches.TokenValid, s.token("h", caches.Claim, q).Outcome)
		require.Equal(s, caches.TokenValid, s.token("h", caches.Claim, q).Outcome)
		require.Equal(s, caches.TokenBusy, s.take("h").Outcome)
		s.endToken("h", s.request(), caches.ReleaseToken)
		require.Equal(s, caches.TokenBusy, s.take("h").Outcome, "only the request that claims may release")
		s.endToken("h", q, caches.ReleaseToken)
		require.Equal(s, caches.TokenValid, s.token("h", caches.Claim, q).Outcome, "a late repeat")
		require.Equal(s, caches.TokenValid, s.token("h", caches.Claim, s.request()).Outcome)
		s.Advance(10 * time.Second)
		require.Equal(s, caches.TokenValid, s.take("h").Outcome)
	}},
	{"the request that took a token can return it", func(s *scene) {
		s.issue("h", time.Minute)
		q := s.request()
		require.Equal(s, caches.TokenValid, s.token("h", caches.Consume, q).Outcome)
		back := func(request string) {
			require.NoError(s, s.Store.EndToken(s.ctx, caches.EndToken{
				Request: request, Key: s.key, Hash: "h", Linger: time.Minute, End: caches.ReturnToken,
			}))
		}
		s.endToken("h", q, caches.ReleaseToken)
		back(s.request())
		require.Equal(s, caches.TokenUsed, s.read("h").Outcome)
		s.Advance(30 * time.Second)
		back(q)
		require.Equal(s, caches.TokenValid, s.take("h").Outcome)
		back(q)
		require.Equal(s, caches.TokenUsed, s.take("h").Outcome, "it is another request's now")
	}},
	{"a token that was returned doesn't live longer for it", func(s *scene) {
		s.issue("h", time.Minute)
		q := s.request()
		require.Equal(s, caches.TokenValid, s.token("h", caches.Consume, q).Outcome)
		require.NoError(s, s.Store.EndToken(s.ctx, caches.EndToken{Request: q, Key: s.key, Hash: "h", End: caches.ReturnToken}))
		s.Advance(time.Minute)
		require.Equal(s, caches.TokenGone, s.take("h").Outcome)
	}},
	{"ending a claim as used takes the token", func(s *scene) {
		s.issue("h", 5*time.Second)
		q := s.request()
		require.Equal(s, caches.TokenValid, s.token("h", caches.Claim, q).Outcome)
		s.Advance(6 * time.Second)
		s.endToken("h", q, caches.UseToken)
		require.Equal(s, caches.TokenValid, s.token("h", caches.Claim, q).Outcome)
		require.Equal(s, caches.TokenUsed, s.read("h").Outcome)
		s.endToken("none", q, caches.UseToken)
	}},
}
