package delivery

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Trusting returns a Network that trusts one certificate.
func Trusting(c *x509.Certificate) Network {
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return Network{roots: pool}
}

func TestConnectionsAreSharedAgainAfterAWhile(t *testing.T) {
	var r reuse
	now := time.Unix(1_700_000_000, 0)
	require.True(t, r.allowed(now))
	r.forbid(now)
	require.False(t, r.allowed(now.Add(aloneFor-time.Second)))
	require.True(t, r.allowed(now.Add(aloneFor)))
}
