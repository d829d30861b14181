package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// checkListen refuses a bad --listen, and in development any address but loopback.
func checkListen(ctx context.Context, address string, dev bool) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return usagef("--listen is HOST:PORT, not %q", address)
	}
	if _, err := net.DefaultResolver.LookupPort(ctx, "tcp", port); err != nil {
		return usagef("--listen is HOST:PORT, and %q is no port", port)
	}
	if dev && !loopback(host) {
		return usagef("--dev listens on a loopback address only, such as 127.0.0.1:8080, not on %q", address)
	}
	return nil
}

// loopback reports whether a host, as written, can only be this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func listenTCP(ctx context.Context, what, address string, dev bool) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	// The address that a name resolved to counts, not the name.
	if ip := l.Addr().(*net.TCPAddr).AddrPort().Addr().Unmap(); dev && !ip.IsLoopback() {
		return nil, errors.Join(usagef("%s: %s is not this machine alone, as --dev wants", what, ip), l.Close())
	}
	return l, nil
}

// reachable returns an address that a client on this machine can use.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	if tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return tcp.String()
}
