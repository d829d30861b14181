package outbound

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/testproxy"
)

func TestAProxyIsAnHTTPProxysURL(t *testing.T) {
	for _, good := range []string{"http://proxy", "http://proxy:3128/", "https://u:p%40ss@proxy.example:8443", "HTTP://[::1]:3128"} {
		_, err := ParseProxy(good)
		require.NoError(t, err, good)
	}
	for _, wrong := range []string{"", "proxy:3128", "//proxy", "socks5://u:secret@proxy", "http://", "http://:3128", "http://proxy/path", "http://proxy?q", "http://u:secret@pro xy", "http://u:secret@proxy:port"} {
		_, err := ParseProxy(wrong)
		require.ErrorContains(t, err, "must be the URL of an HTTP proxy", wrong)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestAuthoritiesAreCertificatesInPEM(t *testing.T) {
	one, two := testproxy.NewAuthority(t).PEM, testproxy.NewAuthority(t).PEM
	dir := t.TempDir()
	for name, row := range map[string]struct {
		text  string
		wrong string
	}{
		"one":              {text: string(one)},
		"a bundle":         {text: "# of the company\n" + string(one) + "\n# another\n" + string(two)},
		"Windows' lines":   {text: "\r\n" + string(one) + "\r\n"},
		"empty":            {"", "is empty"},
		"blank":            {" \n\n", "is empty"},
		"not PEM":          {"\x30\x82\x01\x0a", "not in PEM"},
		"a page":           {"<html>", "not in PEM"},
		"cut":              {string(one[:len(one)-40]), "not in PEM"},
		"the second cut":   {string(one) + string(two[:len(two)/2]), "not in PEM"},
		"a key":            {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "private key"},
		"no certificate":   {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1"},
		"the second isn't": {string(one) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 2"},
	} {
		path := filepath.Join(dir, "ca.pem")
		require.NoError(t, os.WriteFile(path, []byte(row.text), 0o600))
		text, err := ReadAuthorities(path)
		if row.wrong == "" {
			require.NoError(t, err, name)
			_, err = Pool(text)
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, row.wrong, name)
		require.NotContains(t, err.Error(), dir)
	}
	_, err := ReadAuthorities(dir)
	require.ErrorContains(t, err, "not a file")
	_, err = ReadAuthorities(filepath.Join(dir, "none"))
	require.ErrorContains(t, err, "no such file")
}
