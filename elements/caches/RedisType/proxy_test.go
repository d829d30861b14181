package redistype

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands before a Redis and loses replies. After cut is set to n, it drops the next
// n replies, or all if n is negative, and their connections; Redis has done the work by
// then. With greet it passes a connection's first reply, to the client's greeting.
type proxy struct {
	addr   string
	target string
	cut    atomic.Int64
	asked  atomic.Int64
	greet  atomic.Bool
	mu     sync.Mutex
	open   map[net.Conn]bool
	work   sync.WaitGroup
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{addr: l.Addr().String(), target: target, open: make(map[net.Conn]bool)}
	p.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for c := range p.open {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.work.Wait()
	})
	return p
}

func (p *proxy) track(c net.Conn) func() {
	p.mu.Lock()
	p.open[c] = true
	p.mu.Unlock()
	return func() {
		_ = c.Close()
		p.mu.Lock()
		delete(p.open, c)
		p.mu.Unlock()
	}
}

func (p *proxy) serve(client net.Conn) {
	defer p.track(client)()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.track(server)()
	p.work.Go(func() {
		defer func() { _ = server.Close() }()
		b := make([]byte, 64<<10)
		for {
			n, err := client.Read(b)
			if err != nil {
				return
			}
			p.asked.Add(1)
			if _, err := server.Write(b[:n]); err != nil {
				return
			}
		}
	})
	b := make([]byte, 64<<10)
	for first := true; ; first = false {
		n, err := server.Read(b)
		if err != nil {
			return
		}
		if first && p.greet.Load() {
			if _, err := client.Write(b[:n]); err != nil {
				return
			}
			continue
		}
		if left := p.cut.Load(); left < 0 || left > 0 && p.cut.Add(-1) >= 0 {
			return
		}
		if _, err := client.Write(b[:n]); err != nil {
			return
		}
	}
}
