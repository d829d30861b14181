package server

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// ParseTrustedProxies reads addresses and CIDRs, IPv4 and IPv6.
func ParseTrustedProxies(list []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if prefix, err := netip.ParsePrefix(text); err == nil {
			if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= 96 {
				prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
			}
			prefixes = append(prefixes, prefix.Masked())
			continue
		}
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return nil, fmt.Errorf("trustedProxies: %q is neither an address nor a CIDR", text)
		}
		address = address.Unmap()
		prefixes = append(prefixes, netip.PrefixFrom(address, address.BitLen()))
	}
	return prefixes, nil
}

// ClientAddress returns the address of the client: the peer's, or, if the peer is a
// trusted proxy, the last one in X-Forwarded-For that is not. Earlier entries are
// not read, since no trusted proxy wrote them; so nobody can choose an address. At
// an unreadable entry the address is that of the proxy that passed it on. A peer
// without an address (a unix socket) gets the zero Addr.
func ClientAddress(peer string, forwarded []string, trusted []netip.Prefix) netip.Addr {
	address, ok := readAddress(peer)
	if !ok {
		return netip.Addr{}
	}
	rest := strings.Join(forwarded, ",")
	for isTrusted(address, trusted) && rest != "" {
		entry := rest
		if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
			rest, entry = rest[:comma], rest[comma+1:]
		} else {
			rest = ""
		}
		before, ok := readAddress(strings.TrimSpace(entry))
		if !ok {
			break
		}
		address = before
	}
	return address
}

// readAddress reads an address with or without a port, brackets or zone. IPv4 has
// one form only.
func readAddress(text string) (netip.Addr, bool) {
	if ported, err := netip.ParseAddrPort(text); err == nil {
		return ported.Addr().Unmap().WithZone(""), true
	}
	if inner, found := strings.CutPrefix(text, "["); found {
		if inner, found = strings.CutSuffix(inner, "]"); !found || !strings.Contains(inner, ":") {
			return netip.Addr{}, false
		}
		text = inner
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return address.Unmap().WithZone(""), true
}

func isTrusted(address netip.Addr, trusted []netip.Prefix) bool {
	for _, prefix := range trusted {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// clientAddress returns the ClientAddress of a request as text. It warns, once a
// minute, of a private peer that forwards requests while no proxy is trusted: all
// its clients share the limits of one address.
func (s *Server) clientAddress(r *http.Request) string {
	forwarded := r.Header.Values("X-Forwarded-For")
	address := ClientAddress(r.RemoteAddr, forwarded, s.trusted)
	if !address.IsValid() {
		return ""
	}
	if len(forwarded) > 0 && len(s.trusted) == 0 && (address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast()) {
		now := time.Now().UnixNano()
		last := s.warned.Load()
		if now-last >= int64(time.Minute) && s.warned.CompareAndSwap(last, now) {
			s.logger.WarnContext(r.Context(),
				"a private peer sends X-Forwarded-For, but trustedProxies is empty: its clients share the limits of one address",
				"peer", address.String())
		}
	}
	return address.String()
}
