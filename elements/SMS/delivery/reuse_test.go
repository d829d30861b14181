package delivery_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// hangingUp is a vendor that answers the first request of each connection, and hangs up
// when it sees the next, as one does that closes it at that moment.
func hangingUp(t *testing.T, header string) (url string, answered *atomic.Int32) {
	answered = &atomic.Int32{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				req, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				answered.Add(1)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"+header+"\r\nOK")
				_, _ = in.ReadByte()
			}()
		}
	}()
	return "http://" + l.Addr().String(), answered
}

func statuses(t *testing.T, client *delivery.Client, url string, n int) (unknown int) {
	for range n {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader("x"))
		require.NoError(t, err)
		if client.Do(req, accept).Status() == delivery.StatusUnknown {
			unknown++
		}
	}
	return unknown
}

// Whether a request was read whose connection ended isn't known, and it isn't sent again.
func TestAVendorThatClosesConnectionsEarlyLosesOneMessage(t *testing.T) {
	url, answered := hangingUp(t, "")
	client := delivery.NewClient(delivery.Network{})
	defer client.Close()
	require.Equal(t, 1, statuses(t, client, url, 20))
	require.EqualValues(t, 19, answered.Load(), "nothing is sent twice")
}

// A vendor that is slow, or unreachable, has nothing to do with used connections.
func TestOtherFailuresLeaveConnectionsShared(t *testing.T) {
	connections := make(chan string, 10)
	var slow atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if slow.Load() {
			<-r.Context().Done()
			return
		}
		connections <- r.RemoteAddr
	}))
	defer s.Close()
	client := delivery.NewClient(delivery.Network{})
	defer client.Close()
	require.Zero(t, statuses(t, client, s.URL, 1))
	<-connections
	slow.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader("x"))
	require.NoError(t, err)
	require.Equal(t, delivery.StatusUnknown, client.Do(req, accept).Status())
	slow.Store(false)
	const sends = 10
	require.Zero(t, statuses(t, client, s.URL, sends))
	used := make(map[string]bool)
	for range sends {
		used[<-connections] = true
	}
	require.Less(t, len(used), sends) // a busy machine may let one get too old
}

// BenchmarkConnection measures what a send costs over a connection that is there, and
// over one of its own, on loopback: what the short life of idle connections costs.
func BenchmarkConnection(b *testing.B) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "OK")
	}))
	defer s.Close()
	for name, own := range map[string]bool{"shared": false, "own": true} {
		b.Run(name, func(b *testing.B) {
			client := delivery.NewClient(delivery.Trusting(s.Certificate()))
			defer client.Close()
			for b.Loop() {
				req, err := http.NewRequest(http.MethodPost, s.URL, strings.NewReader("x"))
				require.NoError(b, err)
				require.Equal(b, delivery.StatusAccepted, client.Do(req, accept).Status())
				if own {
					client.Close()
				}
			}
		})
	}
}
