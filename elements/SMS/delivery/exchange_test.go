package delivery_test

import (
	"context"
	"errors"
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

func TestAnExchangeSendsOnceAndKeepsTheAnswer(t *testing.T) {
	var requests atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		io.WriteString(w, `{"a":1}`)
	}))
	defer s.Close()
	client := delivery.NewClient(nil)
	defer client.Close()
	e := client.Exchange(context.Background(), nil)
	_, failed, ok := e.Answer()
	require.False(t, ok, "before anything was sent")
	require.Equal(t, delivery.StatusRefused, failed.Status())

	// An SDK that tries again, or reads what it gets, finds nothing.
	sdk := &http.Client{Transport: delivery.Carrier{}}
	for range 3 {
		req, err := http.NewRequestWithContext(e.Context(), http.MethodPost, s.URL, strings.NewReader("x"))
		require.NoError(t, err)
		_, err = sdk.Do(req)
		require.Error(t, err)
	}
	require.EqualValues(t, 1, requests.Load())
	answer, _, ok := e.Answer()
	require.True(t, ok)
	require.Equal(t, `{"a":1}`, string(answer.Body))

	_, err := sdk.Post(s.URL, "text/plain", strings.NewReader("x"))
	require.Error(t, err, "a request of no exchange")
	require.EqualValues(t, 1, requests.Load())
}

func TestARequestThatCannotBePreparedIsNotSent(t *testing.T) {
	client := delivery.NewClient(nil)
	e := client.Exchange(context.Background(), func(*http.Request) (*http.Request, error) { return nil, errors.New("no") })
	req, _ := http.NewRequest(http.MethodPost, "http://127.0.0.1:1", nil)
	_, err := e.RoundTrip(req)
	require.Error(t, err)
	_, failed, ok := e.Answer()
	require.False(t, ok)
	require.Equal(t, delivery.StatusRefused, failed.Status())
	require.Equal(t, delivery.Other, failed.Reason)
}

// Requests without a body share connections too, and are sent without one.
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
		client := delivery.NewClient(nil)
		for range 5 {
			req, err := http.NewRequest(method, s.URL, nil)
			require.NoError(t, err)
			_, _, ok := client.Do(req)
			require.True(t, ok)
		}
		client.Close()
		s.Close()
		require.Len(t, connections, 1, method)
		require.Equal(t, slices.Repeat([]string{"[]"}, 5), bodies, method)
	}
}

// Many callers that come and go, some giving up: never more connections than
// callers, and nothing afterwards that still waits for one.
func TestNeverMoreConnectionsThanCallers(t *testing.T) {
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
	client := delivery.NewClient(nil)
	defer client.Close()
	send := func(ctx context.Context) bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader("x"))
		if err != nil {
			return false
		}
		_, _, ok := client.Do(req)
		return ok
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
	require.LessOrEqual(t, len(all), callers)
	mu.Unlock()

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

func TestAnswersOfAnotherTypeAreNotBelieved(t *testing.T) {
	for kind, ok := range map[string]bool{
		"": true, "application/json": true, "application/json; charset=utf-8": true, "Application/JSON": true, "text/json": true,
		"application/problem+json": true, "text/plain; charset=utf-8": true,
		"text/html": false, "application/octet-stream": false, "image/png": false, "application/xml": false, "text/xml": false, "/": false, "json": false,
	} {
		a := &delivery.Answer{Status: 200, Header: http.Header{}, Body: []byte(`{"a":1}`)}
		if kind != "" {
			a.Header.Set("Content-Type", kind)
		}
		var into struct{ A int }
		require.Equal(t, ok, a.JSON(&into), kind)
		a.Cut = true
		require.False(t, a.JSON(&into), kind)
	}
}
