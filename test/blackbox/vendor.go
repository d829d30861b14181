package blackbox

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Turn is how the stand-in handles one request.
type Turn int

// How the stand-in handles a request.
const (
	Accept        Turn = iota // the positive marker and a message id
	Refuse                    // refuses: the number is blocked for a while
	RefuseAuth                // refuses: the key is wrong
	Hang                      // reads the request and never answers
	CutAfterRead              // reads the request and resets the connection
	CutBefore                 // resets the connection unread
	Status500                 // an error page
	Nonsense                  // status 200 and no JSON
	Empty                     // status 200 and no body
	Redirect                  // status 307 to where it would be accepted
	NoMarker                  // status 200 and JSON without the positive marker
	RefuseNumber              // refuses: there is no such number
	RefuseBlocked             // refuses: the number's owner wants no messages
	RefuseRegion              // refuses: doesn't send to this country
	RefuseBalance             // refuses: the account has no balance
)

// Sent is a request that the vendor has read.
type Sent struct {
	Time   time.Time
	Phone  string
	Code   string
	ID     string
	Header http.Header
	Turn   Turn
}

// Vendor is a stand-in for an SMS vendor with an HTTP API. Each connection
// carries one request, so that a turn is known before the request is read.
type Vendor struct {
	// URL is where messages are posted.
	URL string
	// Key is the key that requests need.
	Key string

	mu     sync.Mutex
	keys   map[string]bool // accepted besides Key
	turns  []Turn          // of the next connections
	always Turn            // of those after them
	delay  time.Duration
	sent   []Sent
	cut    int
	gone   chan struct{}
}

type turnKey struct{}

// NewVendor starts a stand-in that accepts everything.
func NewVendor(t testing.TB) *Vendor {
	v := &Vendor{Key: "vendor-key", gone: make(chan struct{})}
	server := httptest.NewUnstartedServer(http.HandlerFunc(v.serve))
	server.Listener = &turnListener{Listener: server.Listener, vendor: v}
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, turnKey{}, c.(*turnConn).turn)
	}
	server.Config.SetKeepAlivesEnabled(false)
	server.Start()
	v.URL = server.URL + "/send"
	t.Cleanup(func() { close(v.gone); server.Close() })
	return v
}

// Next sets the turns of the next requests.
func (v *Vendor) Next(turns ...Turn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turns = append(v.turns, turns...)
}

// Always sets the turn of all requests beyond those of Next.
func (v *Vendor) Always(turn Turn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.always = turn
}

// AcceptKey accepts one more key.
func (v *Vendor) AcceptKey(key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys == nil {
		v.keys = make(map[string]bool)
	}
	v.keys["Bearer "+key] = true
}

func (v *Vendor) knows(authorization string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return authorization == "Bearer "+v.Key || v.keys[authorization]
}

// Delay delays each answer.
func (v *Vendor) Delay(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.delay = d
}

// Sent returns the requests that were read, oldest first.
func (v *Vendor) Sent() []Sent {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]Sent(nil), v.sent...)
}

// To returns the requests that were read for one phone, in E.164.
func (v *Vendor) To(e164 string) []Sent {
	var to []Sent
	for _, s := range v.Sent() {
		if s.Phone == e164 {
			to = append(to, s)
		}
	}
	return to
}

// Cut counts the connections that were reset unread.
func (v *Vendor) Cut() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cut
}

// Config returns the configuration of an SMS.Http instance for this vendor.
func (v *Vendor) Config() map[string]any {
	return map[string]any{
		"method": "POST", "url": v.URL,
		"headers":   map[string]any{"Authorization": "Bearer ${secrets.key}"},
		"secrets":   map[string]any{"key": v.Key},
		"bodyType":  "json",
		"body":      map[string]any{"to": "${phone}", "code": "${params.code}", "id": "${requestId}"},
		"accepted":  map[string]any{"status": []int{200}, "where": map[string]any{"/code": "0"}},
		"messageId": "/id",
		"refused": []any{
			map[string]any{"where": map[string]any{"/code": "E42"}, "reason": "throttled"},
			map[string]any{"where": map[string]any{"/code": "E43"}, "reason": "number"},
			map[string]any{"where": map[string]any{"/code": "E44"}, "reason": "blocked"},
			map[string]any{"where": map[string]any{"/code": "E45"}, "reason": "region"},
			map[string]any{"where": map[string]any{"/code": "E46"}, "reason": "balance"},
			map[string]any{"status": []int{401}, "reason": "auth"},
		},
		"timeout": 2000,
	}
}

func (v *Vendor) take() Turn {
	v.mu.Lock()
	defer v.mu.Unlock()
	turn := v.always
	if len(v.turns) > 0 {
		turn, v.turns = v.turns[0], v.turns[1:]
	}
	if turn == CutBefore {
		v.cut++
	}
	return turn
}

func (v *Vendor) serve(w http.ResponseWriter, r *http.Request) {
	turn := r.Context().Value(turnKey{}).(Turn)
	if !v.knows(r.Header.Get("Authorization")) {
		turn = RefuseAuth
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var m struct{ To, Code, ID string }
	if json.Unmarshal(body, &m) != nil {
		turn = RefuseAuth
	}
	v.mu.Lock()
	delay := v.delay
	v.sent = append(v.sent, Sent{time.Now(), m.To, m.Code, m.ID, r.Header.Clone(), turn})
	v.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-v.gone:
		}
	}
	switch turn {
	case Accept:
		answer(w, http.StatusOK, `{"code":"0","id":"m-1"}`)
	case Refuse:
		answer(w, http.StatusOK, `{"code":"E42"}`)
	case RefuseAuth:
		answer(w, http.StatusUnauthorized, `{"code":"E1"}`)
	case Status500:
		answer(w, http.StatusInternalServerError, "<h1>sorry</h1>")
	case Nonsense:
		answer(w, http.StatusOK, "<h1>hello</h1>")
	case Empty:
		w.WriteHeader(http.StatusOK)
	case Redirect:
		w.Header().Set("Location", "/send?again")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case NoMarker:
		answer(w, http.StatusOK, `{"code":"1","id":"m-1"}`)
	case RefuseNumber:
		answer(w, http.StatusOK, `{"code":"E43"}`)
	case RefuseBlocked:
		answer(w, http.StatusOK, `{"code":"E44"}`)
	case RefuseRegion:
		answer(w, http.StatusOK, `{"code":"E45"}`)
	case RefuseBalance:
		answer(w, http.StatusOK, `{"code":"E46"}`)
	case Hang:
		select {
		case <-r.Context().Done():
		case <-v.gone:
		}
	case CutBefore: // turnListener has reset the connection
	case CutAfterRead:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			reset(conn)
		}
	}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// turnListener assigns each connection its turn.
type turnListener struct {
	net.Listener
	vendor *Vendor
}

type turnConn struct {
	net.Conn
	turn Turn
}

func (l *turnListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		turn := l.vendor.take()
		if turn == CutBefore {
			reset(conn)
			continue
		}
		return &turnConn{conn, turn}, nil
	}
}

// reset closes a connection so that the peer reads an error instead of an end of file.
func reset(conn net.Conn) {
	if wrapped, ok := conn.(*turnConn); ok {
		conn = wrapped.Conn
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
