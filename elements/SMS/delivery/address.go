package delivery

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// reserved are the ranges of the IANA special-purpose registries that netip's
// predicates don't cover, and metadata services with public addresses.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
	"192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"168.63.129.16/32", // Azure's
	"2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20",
)

// globalUnicast is the part of IPv6 that is assigned for the public Internet.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// embedding are the prefixes whose addresses contain an IPv4 address, and the byte
// at which it begins: NAT64 and 6to4.
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
	if addr.Is4() {
		return false
	}
	raw := addr.As16()
	for _, e := range embedding {
		if e.prefix.Contains(addr) {
			return IsInternal(netip.AddrFrom4([4]byte(raw[e.at : e.at+4])))
		}
	}
	if isatap := binary.BigEndian.Uint32(raw[8:]) &^ isatapUniversal; isatap == isatapID {
		return IsInternal(netip.AddrFrom4([4]byte(raw[12:])))
	}
	return !globalUnicast.Contains(addr)
}

// An ISATAP address (RFC 5214) has this before its IPv4 address, with or without the
// bit for a unique one.
const (
	isatapID        = 0x0000_5efe
	isatapUniversal = 0x0200_0000
)

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
