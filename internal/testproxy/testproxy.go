// Package testproxy runs HTTP proxies and private certificate authorities for tests, on
// loopback.
package testproxy

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// The user and password of a Proxy.
const (
	User     = "egress"
	Password = "pr0xy-passw0rd"
)

// Proxy is an HTTP proxy that asks for a password. It alone knows the addresses of
// names, as the proxy of a closed network does.
type Proxy struct {
	t      testing.TB
	server *httptest.Server

	mu       sync.Mutex
	names    map[string]string
	answer   int
	requests []string
}

// Start starts a proxy that ends with the test.
func Start(t testing.TB) *Proxy {
	t.Helper()
	p := &Proxy{t: t, names: make(map[string]string)}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.server.Close)
	return p
}

// URL returns the proxy's URL with user and password.
func (p *Proxy) URL() string {
	u := &url.URL{Scheme: "http", User: url.UserPassword(User, Password), Host: p.server.Listener.Addr().String()}
	return u.String()
}

// Addr returns the proxy's host and port.
func (p *Proxy) Addr() string { return p.server.Listener.Addr().String() }

// Know makes a name, with its port, stand for an address.
func (p *Proxy) Know(name, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[name] = address
}

// Answer makes the proxy answer all requests with a status; 0 ends that.
func (p *Proxy) Answer(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = status
}

// Requests returns method and address of each request with the right password.
func (p *Proxy) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(User+":"+Password))
	p.mu.Lock()
	answer := p.answer
	if r.Header.Get("Proxy-Authorization") != want {
		answer = http.StatusProxyAuthRequired
	} else {
		p.requests = append(p.requests, r.Method+" "+r.Host)
	}
	address := p.names[r.Host]
	p.mu.Unlock()
	switch {
	case answer != 0:
		w.WriteHeader(answer)
		return
	case address == "":
		address = r.Host
	}
	conn, err := net.DialTimeout("tcp", address, 10*time.Second) //nolint:gosec // a proxy goes where its client asks
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = conn.Close() }()
	if r.Method != http.MethodConnect {
		p.forward(w, r, conn)
		return
	}
	w.WriteHeader(http.StatusOK)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	go func() {
		_, _ = io.Copy(conn, buffered)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(client, conn)
}

// forward forwards a request for plain http.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, to net.Conn) {
	r.Header.Del("Proxy-Authorization")
	if err := r.Write(to); err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	resp, err := http.ReadResponse(bufio.NewReader(to), r)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// Authority is a private certificate authority.
type Authority struct {
	// PEM is its certificate.
	PEM []byte

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority returns an authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Private authority of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &Authority{PEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), key: key}
	if a.certificate, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	return a
}

// Serve starts a TLS server for a name, with a certificate of the authority. It ends
// with the test.
func (a *Authority) Serve(t testing.TB, name string, handler http.Handler) *httptest.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(strings.Trim(name, "[]")); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}
