package server

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
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

// Unicast addresses of each family: the first and the last. Whoever trusts all of
// them as proxies trusts everybody.
var everybody = map[string][2]netip.Addr{
	"IPv4": {netip.MustParseAddr("1.0.0.0"), netip.MustParseAddr("223.255.255.255")},
	"IPv6": {netip.MustParseAddr("2000::"), netip.MustParseAddr("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")},
}

// trustsEverybody returns the families whose addresses are all in trusted, by one
// range or several together.
func trustsEverybody(trusted []netip.Prefix) (families []string) {
	sorted := slices.SortedFunc(slices.Values(trusted), func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	for _, family := range slices.Sorted(maps.Keys(everybody)) {
		next, end := everybody[family][0], everybody[family][1]
		for _, prefix := range sorted {
			if last := lastOf(prefix); prefix.Addr().Compare(next) <= 0 && next.Is4() == last.Is4() && last.Compare(next) >= 0 {
				next = last.Next() // not valid, so before all others, after the family's last
			}
			if !next.IsValid() || end.Less(next) {
				families = append(families, family)
				break
			}
		}
	}
	return families
}

// lastOf returns the last address of a prefix.
func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for bit := prefix.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

// warnOfTrust warns of trustedProxies that let anybody choose an address.
func (s *Server) warnOfTrust() {
	for _, family := range trustsEverybody(s.trusted) {
		s.logger.Warn("trustedProxies holds every "+family+" address: any client chooses its address by X-Forwarded-For, past all limits;"+
			" name the addresses of your proxies alone, such as 10.0.0.0/8", "trusted_proxies", s.trusted)
	}
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

// sharedRange is for the inside of providers' and clouds' networks (RFC 6598).
var sharedRange = netip.MustParsePrefix("100.64.0.0/10")

func isPrivate(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || sharedRange.Contains(a)
}

// clientAddress returns the ClientAddress of a request as text. It warns, once, of
// a private peer that forwards requests while no proxy is trusted: all its clients
// share the limits of one address.
func (s *Server) clientAddress(r *http.Request) string {
	forwarded := r.Header.Values("X-Forwarded-For")
	address := ClientAddress(r.RemoteAddr, forwarded, s.trusted)
	if !address.IsValid() {
		return ""
	}
	if len(forwarded) > 0 && len(s.trusted) == 0 && isPrivate(address) && s.warned.CompareAndSwap(false, true) {
		s.logger.WarnContext(r.Context(), "a private peer sends X-Forwarded-For, but trustedProxies is empty: its clients share the limits of one address;"+
			" if it is your proxy, name its address there", "peer", address.String())
	}
	return address.String()
}
