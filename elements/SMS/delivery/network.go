package delivery

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/internal/outbound"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// noProxy is the configured proxy of an instance that uses none, whatever the server's.
const noProxy = "none"

// Network is the way of an instance's requests to its vendor. The zero Network is the
// direct one, with the system's certificates.
type Network struct {
	// Guard refuses addresses. It may be nil.
	Guard Guard
	// proxy is that of the instance, or of the server; nil for none.
	proxy *url.URL
	// always is set if loopback addresses are reached through the proxy, too.
	always bool
	// roots are the trusted certificates, nil for the system's.
	roots *x509.CertPool
}

// Network returns the way that the configuration and the server's settings describe.
func (s Settings) Network(env sdk.Env) (n Network, err error) {
	switch server := env.App.Outbound.Proxy; {
	case s.Proxy == noProxy:
	case s.Proxy != "":
		n.always = true
		if n.proxy, err = outbound.ParseProxy(s.Proxy); err != nil {
			return Network{}, sdk.ConfigError("/proxy", wrongProxy)
		}
	case server != "":
		if n.proxy, err = outbound.ParseProxy(server); err != nil {
			return Network{}, sdk.ConfigError("", "the server's proxy %v", err)
		}
	}
	var texts [][]byte
	if len(env.App.Outbound.Authorities) > 0 {
		texts = append(texts, env.App.Outbound.Authorities)
	}
	if s.CAFile != "" {
		path := s.CAFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(env.App.Dir, path)
		}
		text, err := outbound.ReadAuthorities(path)
		if err != nil {
			return Network{}, sdk.ConfigError("/caFile", "%v", err)
		}
		texts = append(texts, text)
	}
	if len(texts) > 0 {
		if n.roots, err = outbound.Pool(texts...); err != nil {
			return Network{}, sdk.ConfigError("", "the server's certificates: %v", err)
		}
	}
	return n, nil
}

// proxies reports whether requests to a host go through the proxy.
func (n Network) proxies(host string) bool {
	return n.proxy != nil && (n.always || !IsLoopbackName(host))
}

// guardName refuses the host of a request through a proxy if its text is an address that
// the guard refuses. What another name means is for the proxy to find out, so that it
// can't be guarded here.
func (n Network) guardName(u *url.URL) error {
	if n.Guard == nil {
		return nil
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		return n.Guard("tcp", netip.AddrPortFrom(addr, 0).String())
	case isNumber(host[strings.LastIndexByte(host, '.')+1:]):
		// Some resolvers read such a name as an address: 127.1, 0x7f000001.
		return errGuarded
	}
	return nil
}

// isNumber reports whether the last label of a name makes it an address, by the URL
// standard.
func isNumber(label string) bool {
	if digits, hex := strings.CutPrefix(label, "0x"); hex {
		_, err := strconv.ParseUint(digits, 16, 64)
		return digits == "" || err == nil
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}
