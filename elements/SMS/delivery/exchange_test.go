package delivery_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

func TestAnExchangeSendsOnceAndKeepsTheResponse(t *testing.T) {
	var requests atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		io.WriteString(w, `{"a":1}`)
	}))
	defer s.Close()
	client := delivery.NewClient(delivery.Network{})
	defer client.Close()
	e := client.Exchange(context.Background())
	require.Equal(t, delivery.StatusRefused, e.Outcome(accept).Status(), "before anything was sent")

	// An SDK that tries again, or reads the response, gets an error.
	sdk := &http.Client{Transport: e}
	for range 3 {
		_, err := sdk.Post(s.URL, "text/plain", strings.NewReader("x"))
		require.Error(t, err)
	}
	require.EqualValues(t, 1, requests.Load())
	e.Outcome(func(r *delivery.Response) delivery.Outcome {
		require.Equal(t, `{"a":1}`, string(r.Body))
		return delivery.Accepted("")
	})
	require.Equal(t, delivery.StatusAccepted, e.Outcome(accept).Status())
}

// Requests without a body share connections, too, and are sent without a body.
func TestRequestsWithoutABodyShareAConnection(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		connections := map[net.Conn]bool{}
		var mu sync.Mutex
		var bodies []string
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			raw, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			bodies = append(bodies, fmt.Sprint(string(raw), r.TransferEncoding, r.Header.Get("Content-Type")))
		}))
		s.Config.ConnState = func(c net.Conn, _ http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			connections[c] = true
		}
		s.Start()
		client := delivery.NewClient(delivery.Network{})
		for range 5 {
			req, err := http.NewRequest(method, s.URL, nil)
			require.NoError(t, err)
			require.Equal(t, delivery.StatusAccepted, client.Do(req, accept).Status())
		}
		client.Close()
		s.Close()
		require.Len(t, connections, 1, method)
		require.Equal(t, slices.Repeat([]string{"[]"}, 5), bodies, method)
	}
}

// Many requests come and go, and some give up. Nothing waits for a connection
// afterwards.
func TestNeverMoreConnectionsThanRequests(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var mu sync.Mutex
	all := map[net.Conn]bool{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	s.Config.ConnState = func(c net.Conn, _ http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		all[c] = true
	}
	s.Start()
	defer s.Close()
	client := delivery.NewClient(delivery.Network{})
	defer client.Close()
	send := func(ctx context.Context) bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader("x"))
		if err != nil {
			return false
		}
		return client.Do(req, accept).Status() == delivery.StatusAccepted
	}
	const callers = 32
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range 20 {
				if !send(context.Background()) {
					t.Error("a request failed")
				}
			}
		})
	}
	wg.Wait()
	mu.Lock()
	connections := len(all)
	mu.Unlock()
	// On a busy machine net/http closes a connection now and then, because it sees a
	// response before the end of the request that it wrote.
	require.LessOrEqual(t, connections, callers+callers/4)

	for i := range callers {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*100*time.Microsecond)
			defer cancel()
			send(ctx)
		})
	}
	wg.Wait()
	require.True(t, send(context.Background()), "after many gave up")
}
