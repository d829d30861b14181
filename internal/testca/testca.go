// Package testca makes certificates for tests: those of a certificate authority and of
// a server on 127.0.0.1.
package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// CA is a certificate authority of a test, with a certificate for 127.0.0.1.
type CA struct {
	// File holds the CA's certificate; CertFile and KeyFile are the server's.
	File, CertFile, KeyFile string
	pool                    *x509.CertPool
}

// New makes a CA in the test's directory.
func New(t testing.TB) *CA {
	t.Helper()
	dir := t.TempDir()
	ca := &CA{
		File: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"),
		pool: x509.NewCertPool(),
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(file, kind string, der []byte) {
		t.Helper()
		must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644))
	}
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	root := template(1, "test CA")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &caKey.PublicKey, caKey)
	must(err)
	write(ca.File, "CERTIFICATE", rootDER)
	root, err = x509.ParseCertificate(rootDER)
	must(err)
	ca.pool.AddCert(root)

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := template(2, "127.0.0.1")
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, caKey)
	must(err)
	write(ca.CertFile, "CERTIFICATE", leafDER)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	write(ca.KeyFile, "PRIVATE KEY", keyDER)
	return ca
}

// Config returns a client's settings that trust the CA.
func (ca *CA) Config() *tls.Config {
	return &tls.Config{RootCAs: ca.pool, MinVersion: tls.VersionTLS12}
}
