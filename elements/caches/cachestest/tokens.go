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
