// Package faultproxy is a loopback TCP proxy for tests. Between a client and a server
// it refuses, cuts, delays and freezes connections, and cuts a reply after the server
// has executed the request. It knows no protocol.
package faultproxy

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/freeport"
)

// Proxy forwards connections to one server. All methods may be called from any
// goroutine, at any time.
type Proxy struct {
	target  string
	address string

	mu       sync.Mutex
	listener net.Listener
	pairs    map[*pair]struct{}
	delay    time.Duration
	thawed   chan struct{} // closed: bytes flow
	faults   []*fault
	holds    []*Hold
	closed   bool
	running  sync.WaitGroup
}

// fault cuts the connection at the reply to a request that contains match.
type fault struct {
	match []byte
	left  int
	// before means that the request isn't forwarded either.
	before bool
	// hold is set if the fault waits instead of cutting.
	hold *Hold
}

// pair is one client connection and its connection to the server.
type pair struct {
	client, server net.Conn
	once           sync.Once

	mu sync.Mutex
	// doomed means that the server's next bytes close the pair instead of passing.
	doomed bool
	// held is what the server's next bytes wait for.
	held *Hold
}

func (p *pair) cut() {
	p.once.Do(func() {
		_ = p.client.Close()
		if p.server != nil {
			_ = p.server.Close()
		}
	})
}

// New starts a proxy to target, "host:port". It ends with the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", freeport.Address(t))
	if err != nil {
		t.Fatalf("faultproxy: %v", err)
	}
	open := make(chan struct{})
	close(open)
	p := &Proxy{
		target:   target,
		address:  listener.Addr().String(),
		listener: listener,
		pairs:    make(map[*pair]struct{}),
		thawed:   open,
	}
	p.running.Add(1)
	go p.accept(listener)
	t.Cleanup(p.close)
	return p
}

// Addr returns the address for clients, "127.0.0.1:port". It never changes.
func (p *Proxy) Addr() string { return p.address }

// Down cuts every connection and refuses new ones, like a stopped server.
func (p *Proxy) Down() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.Cut()
}

// Up ends Down, Freeze and Delay and forgets faults that have not happened.
func (p *Proxy) Up(t testing.TB) {
	t.Helper()
	p.Thaw()
	p.Delay(0)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	if p.listener != nil || p.closed {
		return
	}
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		t.Fatalf("faultproxy: %v", err)
	}
	p.listener = listener
	p.running.Add(1)
	go p.accept(listener)
}

// Cut cuts the connections that are open now. New ones are served.
func (p *Proxy) Cut() {
	p.mu.Lock()
	pairs := make([]*pair, 0, len(p.pairs))
	for c := range p.pairs {
		pairs = append(pairs, c)
	}
	p.mu.Unlock()
	for _, c := range pairs {
		c.cut()
	}
}

// Delay delays everything that the server sends by d, 0 for no delay.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	p.delay = d
	p.mu.Unlock()
}

// Freeze stops both directions but still accepts connections, like a server that hangs.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.thawed:
		p.thawed = make(chan struct{})
	default:
	}
}

// Thaw ends Freeze and lets the held bytes pass.
func (p *Proxy) Thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.thawed:
	default:
		close(p.thawed)
	}
}

// CutReplies cuts the connection at the replies to the next n requests that contain
// match, or to any if it is nil. The server gets the whole request; its reply is
// dropped. A request is what the client wrote at once.
func (p *Proxy) CutReplies(n int, match []byte) {
	p.add(&fault{match: match, left: n})
}

// CutRequests cuts the connection instead of forwarding the next n requests that
// contain match, or any if it is nil.
func (p *Proxy) CutRequests(n int, match []byte) {
	p.add(&fault{match: match, left: n, before: true})
}

// CutNoMore cancels the cuts that have not happened.
func (p *Proxy) CutNoMore() {
	p.mu.Lock()
	p.faults = nil
	p.mu.Unlock()
}

// Pending returns how many cuts have not happened yet.
func (p *Proxy) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, f := range p.faults {
		n += f.left
	}
	return n
}

func (p *Proxy) add(f *fault) {
	p.mu.Lock()
	p.faults = append(p.faults, f)
	p.mu.Unlock()
}

// faultFor removes and returns the fault that fits a request, if any.
func (p *Proxy) faultFor(request []byte) *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.left > 0 && bytes.Contains(request, f.match) {
			if f.hold != nil && f.hold.skip > 0 {
				f.hold.skip--
				continue
			}
			f.left--
			return f
		}
	}
	return nil
}

// pace waits until freeze and delay are over.
func (p *Proxy) pace(fromServer bool) {
	p.mu.Lock()
	delay := p.delay
	p.mu.Unlock()
	if fromServer && delay > 0 {
		time.Sleep(delay)
	}
	p.mu.Lock()
	thawed := p.thawed
	p.mu.Unlock()
	<-thawed
}

func (p *Proxy) accept(listener net.Listener) {
	defer p.running.Done()
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		p.running.Add(1)
		go p.serve(client)
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer p.running.Done()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	c := &pair{client: client, server: server}
	p.mu.Lock()
	if p.closed || p.listener == nil {
		p.mu.Unlock()
		c.cut()
		return
	}
	p.pairs[c] = struct{}{}
	p.mu.Unlock()

	done := make(chan struct{})
	go func() {
		defer close(done)
		p.requests(c)
	}()
	p.replies(c)
	<-done
	p.mu.Lock()
	delete(p.pairs, c)
	p.mu.Unlock()
}

func (p *Proxy) requests(c *pair) {
	defer c.cut()
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.client.Read(buffer)
		if n > 0 {
			p.pace(false)
			if f := p.faultFor(buffer[:n]); f != nil {
				if f.before && (f.hold == nil || !f.hold.wait()) {
					return
				}
				if !f.before {
					c.mu.Lock()
					c.doomed, c.held = f.hold == nil, f.hold
					c.mu.Unlock()
				}
			}
			if _, err := c.server.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) replies(c *pair) {
	defer c.cut()
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.server.Read(buffer)
		c.mu.Lock()
		doomed, held := c.doomed, c.held
		c.held = nil
		c.mu.Unlock()
		if doomed || (held != nil && n > 0 && !held.wait()) {
			return
		}
		if n > 0 {
			p.pace(true)
			if _, err := c.client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	holds := p.holds
	p.mu.Unlock()
	for _, h := range holds {
		h.Drop()
	}
	p.Down()
	p.Thaw()
	p.running.Wait()
}
