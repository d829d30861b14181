package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

func TestNoAnswerMayBeFramed(t *testing.T) {
	s := serve(t, Options{CORSOrigins: []string{"https://shop.example"}, Routes: []extension.Route{
		{Pattern: "/page", Methods: []string{http.MethodGet}, Serve: func(r extension.Request) error {
			_, err := io.WriteString(r.Writer(), "page")
			return err
		}},
		{Pattern: "/panic", Methods: []string{http.MethodGet}, Serve: func(extension.Request) error { panic("x") }},
	}}, newApp(t, echo("a.b")))
	for _, listener := range []http.Handler{s.Handler(), s.AdminHandler("a-token"), s.AdminHandler("")} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "ODD"} {
			for _, path := range []string{
				"/", "/page", "/panic", "/api/acme/shop/a/b/echo", "/api/acme/shop/a/b/nothing", "/api/acme/shop", "/api", "/openapi.json",
				"/.well-known/jwks.json", "/healthz", "/readyz", "/metrics", "/status", "/login/", "/unknown", "//x", "/a/../b", "/receipts/x",
			} {
				r := httptest.NewRequest(method, "http://app.example/", strings.NewReader("{}"))
				r.URL.Path = path
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Origin", "https://shop.example")
				w := httptest.NewRecorder()
				listener.ServeHTTP(w, r)
				require.Regexp(t, `(^|; )frame-ancestors 'none'(;|$)`, w.Header().Get("Content-Security-Policy"), method+" "+path)
				require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"), method+" "+path)
			}
		}
	}
}

func listen(t *testing.T, s *stand) (address string, ended chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended = make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	return l.Addr().String(), ended
}

func TestDrainFailsReadyzFirstAndLosesNoRequest(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	app := newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(context.Context, element.Args) (any, error) {
			close(begun)
			<-finish
			return "done", nil
		},
	}})
	s := serve(t, Options{}, app)
	address, ended := listen(t, s)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	answer := make(chan string, 1)
	go func() {
		r, err := client.Post("http://"+address+"/api/acme/shop/a/b/f", "application/json", strings.NewReader("{}"))
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		answer <- string(body)
	}()
	<-begun
	drained := make(chan error, 1)
	go func() { drained <- s.Drain(t.Context()) }()
	require.Eventually(t, func() bool {
		r, err := client.Get("http://" + address + "/readyz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusServiceUnavailable
	}, 30*time.Second, 5*time.Millisecond, "readyz fails while the listener is open")
	close(finish)
	require.Contains(t, <-answer, `"data":"done"`)
	require.NoError(t, <-drained)
	require.NoError(t, <-ended)
	_, err := client.Get("http://" + address + "/readyz")
	require.Error(t, err)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, s.Serve(l), "a drained server serves no more")
}

func TestAServerThatWithdrewServesOn(t *testing.T) {
	s := serve(t, Options{}, newApp(t, echo("a.b")))
	require.False(t, s.BehindProxy())
	s.Withdraw()
	require.Equal(t, http.StatusServiceUnavailable, get(s.Handler(), "/readyz").Code)
	require.Equal(t, http.StatusOK, get(s.Handler(), "/healthz").Code)
	w, _ := s.do(newCall("a/b/echo", "{}"))
	require.Equal(t, http.StatusOK, w.Code)
}

func TestDrainEndsWithItsContext(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	app := newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(context.Context, element.Args) (any, error) { close(begun); <-finish; return 1, nil },
	}})
	s := serve(t, Options{}, app)
	address, ended := listen(t, s)
	go func() {
		r, err := http.Post("http://"+address+"/api/acme/shop/a/b/f", "application/json", strings.NewReader("{}"))
		if err == nil {
			_ = r.Body.Close()
		}
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Drain(ctx), context.DeadlineExceeded)
	require.NoError(t, s.Close())
	close(finish)
	require.NoError(t, <-ended)
}

func TestOverlongHeadersAreRefused(t *testing.T) {
	s := serve(t, Options{}, newApp(t, echo("a.b")))
	address, ended := listen(t, s)
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer c.Close()
	_, _ = fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 2*longestHeader))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, r.StatusCode)
	require.NoError(t, s.Close())
	require.NoError(t, <-ended)
}
