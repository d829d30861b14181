package deliverytest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// standIn is a stand-in of a vendor on a loopback address.
type standIn struct {
	*httptest.Server
	requests atomic.Int32

	mu          sync.Mutex
	connections map[net.Conn]bool // whether it is open
	seen        []string          // signatures
}

// respond writes one response. body is the request's.
type respond func(w http.ResponseWriter, r *http.Request, body []byte)

func always(a Answer) respond {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { a.write(w) }
}

func (a Answer) write(w http.ResponseWriter) {
	if a.Type != "" {
		w.Header().Set("Content-Type", a.Type)
	}
	if a.RetryAfter != "" {
		w.Header().Set("Retry-After", a.RetryAfter)
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.Body)
}

func newStandIn(t *testing.T, answer respond) *standIn {
	s := &standIn{connections: make(map[net.Conn]bool)}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		body, _ := io.ReadAll(r.Body)
		s.note(r, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r, body)
	}))
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.connections[c] = state != http.StateClosed && state != http.StateHijacked
	}
	s.Start()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// note notes the signature of a request.
func (s *standIn) note(r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	header := r.Header.Get("Authorization")
	if at := strings.LastIndexAny(header, "=/ "); at > 0 && len(header)-at > 16 {
		s.seen = append(s.seen, strings.Trim(header[at+1:], "="))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = r.ParseForm()
	for _, name := range []string{"sig", "Signature"} {
		if value := r.Form.Get(name); value != "" {
			s.seen = append(s.seen, value)
		}
	}
}

func (s *standIn) signatures() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// count returns how many connections there have been and how many are open.
func (s *standIn) count() (all, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, isOpen := range s.connections {
		all++
		if isOpen {
			open++
		}
	}
	return all, open
}
