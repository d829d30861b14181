package delivery

import (
	"fmt"
	"net/netip"
)

// reserved are the ranges of the IANA special-purpose registries that netip's
// predicates don't cover.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "fec0::/10",
)

// embedding are the prefixes whose addresses contain an IPv4 address, and the byte
// at which it begins.
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

// IsInternal reports whether an address doesn't belong to the public Internet: a
// private, loopback or link-local one, or a metadata service's.
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

// PublicOnly is a Guard that refuses internal addresses, so that a URL in a
// configuration can't reach machines behind the firewall.
func PublicOnly(_, address string) error {
	return guarded(address, func(a netip.Addr) bool { return !IsInternal(a) })
}

// LoopbackOnly is the Guard for a host that is written as a loopback address.
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
