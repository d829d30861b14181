// Package freeport finds ports of loopback for servers that tests start, stop and start
// again. They are below those that systems give to connections and to listeners on port
// 0, so that none of these takes one meanwhile.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

const (
	first = 20_000
	count = 12_000
	tries = 1000
)

var (
	mu    sync.Mutex
	given = make(map[int]bool)
)

// Find returns a port on which nothing listens. It returns none twice.
func Find() (int, error) {
	mu.Lock()
	defer mu.Unlock()
	for range tries {
		port := first + rand.N(count) //nolint:gosec // spreads processes, no secret
		if given[port] {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		_ = l.Close()
		given[port] = true
		return port, nil
	}
	return 0, errors.New("freeport: no port is free")
}

// Take is Find for a test, which fails if there is none.
func Take(t testing.TB) int {
	t.Helper()
	port, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Address returns host and port of a port that Take returns.
func Address(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(Take(t)))
}
