package server

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func prefixes(t testing.TB, list ...string) []netip.Prefix {
	t.Helper()
	p, err := ParseTrustedProxies(list)
	require.NoError(t, err)
	return p
}

func TestClientAddress(t *testing.T) {
	trusted := prefixes(t, "10.0.0.0/8", "2001:db8:1::/48", "::ffff:172.16.0.0/108", "192.0.2.1")
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"peer":                        {"198.51.100.7:4000", nil, "198.51.100.7"},
		"a stranger's word":           {"198.51.100.7:4000", []string{"203.0.113.9"}, "198.51.100.7"},
		"behind a proxy":              {"10.1.2.3:4000", []string{"203.0.113.9"}, "203.0.113.9"},
		"last outside counts":         {"10.1.2.3:4000", []string{"1.1.1.1, 203.0.113.9, 10.0.0.7"}, "203.0.113.9"},
		"lines are one list":          {"10.1.2.3:4000", []string{"1.1.1.1", "203.0.113.9", "10.0.0.7"}, "203.0.113.9"},
		"all trusted: the first":      {"10.1.2.3:4000", []string{"10.0.0.9,10.0.0.8"}, "10.0.0.9"},
		"no header":                   {"10.1.2.3:4000", nil, "10.1.2.3"},
		"empty header":                {"10.1.2.3:4000", []string{""}, "10.1.2.3"},
		"broken entry ends the walk":  {"10.1.2.3:4000", []string{"203.0.113.9, unknown, 10.0.0.7"}, "10.0.0.7"},
		"broken last entry":           {"10.1.2.3:4000", []string{"203.0.113.9, <script>"}, "10.1.2.3"},
		"empty entry":                 {"10.1.2.3:4000", []string{"203.0.113.9,,10.0.0.7"}, "10.0.0.7"},
		"port":                        {"10.1.2.3:4000", []string{"203.0.113.9:1234"}, "203.0.113.9"},
		"IPv6":                        {"[2001:db8:1::5]:4000", []string{"2001:db8:9::1"}, "2001:db8:9::1"},
		"IPv6 brackets":               {"10.1.2.3:4000", []string{"[2001:db8:9::1]"}, "2001:db8:9::1"},
		"IPv6 brackets and port":      {"10.1.2.3:4000", []string{"[2001:db8:9::1]:443"}, "2001:db8:9::1"},
		"IPv6 spelt long":             {"10.1.2.3:4000", []string{"2001:0DB8:0009:0:0:0:0:1"}, "2001:db8:9::1"},
		"brackets around IPv4":        {"10.1.2.3:4000", []string{"[203.0.113.9]"}, "10.1.2.3"},
		"IPv4 in IPv6":                {"[::ffff:10.1.2.3]:4000", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"CIDR of IPv4 in IPv6":        {"172.16.0.9:1", []string{"203.0.113.9"}, "203.0.113.9"},
		"one address, not its range":  {"192.0.2.2:1", []string{"203.0.113.9"}, "192.0.2.2"},
		"one address":                 {"192.0.2.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		"zone":                        {"[fe80::1%eth0]:1", nil, "fe80::1"},
		"no peer address":             {"@", []string{"203.0.113.9"}, "invalid IP"},
		"spelling of an octal number": {"10.1.2.3:4000", []string{"203.0.113.09"}, "10.1.2.3"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, ClientAddress(c.peer, c.forwarded, trusted).String())
		})
	}
}

func TestTrustedProxiesAreAddressesAndCIDRs(t *testing.T) {
	p := prefixes(t, " 10.1.2.3/8 ", "", "::1")
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}, p)
	for _, bad := range []string{"10.0.0.0/33", "proxy.example", "10.0.0.1:80", "fe80::1%eth0"} {
		_, err := ParseTrustedProxies([]string{bad})
		require.Error(t, err, bad)
	}
}

func TestAnUntrustedPrivateProxyIsWarnedAboutOnce(t *testing.T) {
	for _, peer := range []string{"10.0.0.1:9", "127.0.0.1:9", "[::1]:9", "[fd00::1]:9", "[fe80::1%eth0]:9", "[::ffff:192.168.1.1]:9", "100.64.0.1:9"} {
		s := serve(t, Options{}, newApp(t, echo("a.b")))
		count := func() int { return strings.Count(s.log.String(), "trustedProxies is empty") }
		s.do(newCall("a/b/echo", "{}", func(r *http.Request) { r.RemoteAddr = peer }))
		require.Equal(t, 0, count(), "no header")
		proxied := newCall("a/b/echo", "{}", with("X-Forwarded-For", "203.0.113.9"))
		proxied.RemoteAddr = "203.0.113.1:9"
		s.do(proxied)
		require.Equal(t, 0, count(), "a public peer")
		proxied.RemoteAddr = peer
		for range 3 {
			s.do(proxied)
		}
		require.Equal(t, 1, count(), peer)
		trusting := serve(t, Options{TrustedProxies: prefixes(t, "192.0.2.0/24")}, newApp(t, echo("a.b")))
		trusting.do(proxied)
		require.NotContains(t, trusting.log.String(), "trustedProxies")
	}
}

func TestTrustingEveryAddressIsWarnedAbout(t *testing.T) {
	for list, families := range map[string][]string{
		"0.0.0.0/0":                        {"IPv4"},
		"::/0":                             {"IPv6"},
		"::ffff:0:0/96":                    {"IPv4"},
		"0.0.0.0/1 128.0.0.0/1":            {"IPv4"},
		"128.0.0.0/1 10.0.0.0/8 0.0.0.0/1": {"IPv4"},
		"192.0.0.0/2 0.0.0.0/2 64.0.0.0/2 ::1 128.0.0.0/2": {"IPv4"},
		"0.0.0.0/1 128.0.0.0/2 192.0.0.0/3":                {"IPv4"}, // all but multicast and reserved
		"8000::/1 ::/1":                                    {"IPv6"},
		"2000::/3":                                         {"IPv6"}, // all that are routed
		"2000::/4 3000::/4":                                {"IPv6"},
		"::/0 10.0.0.0/8 0.0.0.0/0":                        {"IPv4", "IPv6"},
		"0.0.0.0/1 128.0.0.0/2":                            nil,
		"128.0.0.0/1":                                      nil,
		"0.0.0.0/1 129.0.0.0/8 192.0.0.0/2":                nil,
		"10.0.0.0/8 172.16.0.0/12 fd00::/8":                nil,
		"::/1":                                             {"IPv6"},
		"4000::/2 8000::/1 ::/4":                           nil,
		"":                                                 nil,
	} {
		trusted := prefixes(t, strings.Fields(list)...)
		require.Equal(t, families, trustsEverybody(trusted), list)
		log := serve(t, Options{TrustedProxies: trusted}, newApp(t)).log.String()
		require.Equal(t, len(families), strings.Count(log, "trustedProxies holds every"), list)
	}
}

// FuzzClientAddress checks that nothing that strangers write in front of a trusted
// proxy's entry changes the address.
func FuzzClientAddress(f *testing.F) {
	trusted := prefixes(f, "10.0.0.0/8")
	f.Add("1.2.3.4", "203.0.113.9")
	f.Add("1.2.3.4, unknown", "::1")
	f.Add("", "[::ffff:1.2.3.4]:80")
	f.Add("10.0.0.1,", "10.0.0.2")
	f.Fuzz(func(t *testing.T, spoofed, written string) {
		_ = ClientAddress(spoofed, []string{written}, trusted) // must not panic
		if outside := ClientAddress("198.51.100.7:1", []string{spoofed, written}, trusted); outside.String() != "198.51.100.7" {
			t.Fatalf("a stranger chose %s", outside)
		}
		address, ok := readAddress(written)
		if !ok || isTrusted(address, trusted) {
			return
		}
		if address.Is4In6() || address.Zone() != "" {
			t.Fatalf("%s is written in more than one way", address)
		}
		for _, forwarded := range [][]string{{written}, {spoofed, written}, {spoofed + "," + written}} {
			if got := ClientAddress("10.0.0.1:1", forwarded, trusted); got != address {
				t.Fatalf("%q gave %s, want %s", forwarded, got, address)
			}
		}
	})
}
