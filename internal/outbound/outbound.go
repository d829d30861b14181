// Package outbound reads the settings of requests that leave this network: the proxy and
// the certificates of private authorities.
package outbound

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
)

// errProxy quotes nothing: the URL may contain a password.
var errProxy = errors.New("must be the URL of an HTTP proxy, such as http://proxy.example:3128 or https://user:password@proxy.example")

// ParseProxy returns the URL of a proxy.
func ParseProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errProxy
	}
	u.Path = ""
	return u, nil
}

// maxAuthorities is the length of a file of certificates, several times that of all
// authorities of the Web.
const maxAuthorities = 4 << 20

// ReadAuthorities reads a file of certificates in PEM. Its errors contain no path.
func ReadAuthorities(path string) ([]byte, error) {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return nil, errors.New("the file may not be read by this user")
	case err != nil:
		return nil, errors.New("the file can't be opened")
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	text, err := io.ReadAll(io.LimitReader(file, maxAuthorities+1))
	if err != nil || len(text) > maxAuthorities {
		return nil, fmt.Errorf("the file can't be read, or is longer than %d MiB", maxAuthorities>>20)
	}
	if _, err := certificates(text); err != nil {
		return nil, err
	}
	return text, nil
}

// Pool returns the system's certificates and those of each text in PEM.
func Pool(texts ...[]byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, text := range texts {
		found, err := certificates(text)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			pool.AddCert(c)
		}
	}
	return pool, nil
}

// certificates returns all certificates of a text in PEM. What stands between them is a
// comment.
func certificates(text []byte) ([]*x509.Certificate, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("the file is empty; certificates in PEM are expected")
	}
	var found []*x509.Certificate
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("the file holds something else than certificates, such as a private key; only certificates in PEM are allowed")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the file can't be read", len(found)+1)
		}
		found = append(found, c)
	}
	if len(found) == 0 || len(found) != bytes.Count(text, []byte("-----BEGIN ")) {
		return nil, errors.New(`the file is not in PEM: every certificate stands between "-----BEGIN CERTIFICATE-----" and "-----END CERTIFICATE-----"`)
	}
	return found, nil
}
