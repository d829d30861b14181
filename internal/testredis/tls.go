package testredis

import (
	"strconv"
	"testing"

	"github.com/lintel-run/lintel/internal/freeport"
	"github.com/lintel-run/lintel/internal/testca"
)

// tlsArgs make a server listen with TLS alone.
func tlsArgs(ca *testca.CA, port int) []string {
	return []string{
		"--port", "0", "--tls-port", strconv.Itoa(port), "--tls-cert-file", ca.CertFile, "--tls-key-file", ca.KeyFile,
		"--tls-ca-cert-file", ca.File, "--tls-auth-clients", "no", "--tls-replication", "yes", "--tls-cluster", "yes",
	}
}

// StartTLS is Start for a server with TLS.
func StartTLS(t testing.TB, ca *testca.CA, more ...string) *Server {
	t.Helper()
	port := freeport.Take(t)
	args := append([]string{"--save", "", "--appendonly", "no"}, tlsArgs(ca, port)...)
	return begin(t, &Server{t: t, tls: ca.Config()}, port, append(args, more...)...)
}
