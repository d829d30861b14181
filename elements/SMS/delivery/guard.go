package delivery

import (
	"fmt"
	"net/netip"
)

// reserved are the ranges of the IANA special-purpose registries that netip's
// own predicates don't cover, and that no vendor on the Internet lives in.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "fec0::/10",
)

// Prefixes whose addresses carry an IPv4 address, and where it begins.
var embedding = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		list[i] = netip.MustParsePrefix(t)
	}
	return list
}

// IsInternal says whether an address is private, loopback, link-local, a
// metadata service's, or otherwise none of the public Internet.
func IsInternal(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || addr.IsPrivate() || addr.IsLoopback() || addr.IsUnspecified() ||
		addr.IsLinkLocalUnicast() || addr.IsMulticast() {
		return true
	}
	for _, p := range reserved {
		if p.Contains(addr) {
			return true
		}
	}
	for _, e := range embedding {
		if e.prefix.Contains(addr) {
			raw := addr.As16()
			return IsInternal(netip.AddrFrom4([4]byte(raw[e.at : e.at+4])))
		}
	}
	return false
}

// PublicOnly refuses every internal address: whoever may write a URL into a
// configuration can't reach the machines behind the firewall with it.
func PublicOnly(_, address string) error {
	return guarded(address, func(a netip.Addr) bool { return !IsInternal(a) })
}

// LoopbackOnly is for a host that is written as a loopback address.
func LoopbackOnly(_, address string) error {
	return guarded(address, func(a netip.Addr) bool { return a.Unmap().IsLoopback() })
}

func guarded(address string, allowed func(netip.Addr) bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !allowed(at.Addr()) {
		return fmt.Errorf("dial: %w", errGuarded)
	}
	return nil
}
