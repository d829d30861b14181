// Package server serves an app over HTTP: calls of elements from outside, repeated
// requests, limits on requests, and the operators' listener.
//
// A request becomes a call of the runtime with a Caller, a request id and a
// deadline. An error becomes the envelope that the tables of error codes describe;
// nothing that they don't name gets out.
//
// The server knows no family of elements, no page and no store. What these add to
// it, such as sessions and routes, comes as Options, by the interfaces of package
// extension.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/server/extension"
)

// Limits of a request. A call has callTime; writing may take longer, so that its
// answer is always sent.
const (
	headerTime    = 5 * time.Second
	readTime      = 15 * time.Second
	callTime      = 30 * time.Second
	writeTime     = callTime + readTime + 5*time.Second
	idleTime      = 90 * time.Second
	longestHeader = 32 << 10
	longestBody   = 1 << 20
	deepestBody   = 32
	// A server that was busy in its last second goes on until none has come for
	// drainSettle, answering with "Connection: close", so that no client loses its
	// connection during a request. quietDrainMost bounds that.
	drainSettle    = 500 * time.Millisecond
	quietDrainMost = 5 * time.Second
)

// Options configure a Server. Sessions and Answers are required.
type Options struct {
	// Logger is slog.Default if nil.
	Logger *slog.Logger
	// TrustedProxies are whose X-Forwarded-For is believed; see ClientAddress.
	TrustedProxies []netip.Prefix
	// PublicURL is where clients reach the app; it wins over that of Sessions.
	PublicURL string
	// CORSOrigins are the origins whose pages may call, with cookies.
	CORSOrigins []string
	// Sessions tie requests to users.
	Sessions extension.Sessions
	// Answers opens the store of answers to repeated requests.
	Answers extension.OpenAnswers
	// Routes are further paths of the public listener.
	Routes []extension.Route
	// Status adds members to the operators' /status, by name.
	Status map[string]func() any
	// Calls are served at /metrics.
	Calls *CallMetrics
	// Collectors are served at /metrics beside the server's own.
	Collectors []prometheus.Collector
}

// Server serves one app. Its methods may be called from any goroutine.
type Server struct {
	app         App
	info        runtime.Info
	errors      errorTable
	logger      *slog.Logger
	trusted     []netip.Prefix
	publicURL   string
	origin      *http.CrossOriginProtection
	cors        map[string]bool
	sessions    extension.Sessions
	idempotency *idempotency
	health      *health
	metrics     *metrics
	status      map[string]func() any
	handler     http.Handler
	warned      atomic.Bool // of an untrusted proxy

	draining atomic.Bool
	inFlight atomic.Int64
	latest   atomic.Int64 // when the latest request began that isn't polled, in Unix nanoseconds

	mu      sync.Mutex
	closed  bool
	servers []*http.Server
}

// New returns the server of an app.
func New(app *runtime.App, o Options) (*Server, error) {
	return newServer(extension.RuntimeApp{App: app}, o)
}

func newServer(app App, o Options) (*Server, error) {
	s := &Server{
		app: app, info: app.Info(), errors: errorTable{app}, logger: o.Logger,
		trusted: o.TrustedProxies, publicURL: o.PublicURL, sessions: o.Sessions, status: o.Status,
		origin: http.NewCrossOriginProtection(),
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	s.warnOfTrust()
	if o.Sessions == nil || o.Answers == nil {
		return nil, errors.New("server: Sessions and Answers are required")
	}
	if s.publicURL != "" {
		u, err := url.Parse(s.publicURL)
		if err == nil {
			err = s.origin.AddTrustedOrigin(u.Scheme + "://" + u.Host)
		}
		if err != nil {
			return nil, fmt.Errorf("server: publicUrl: %w", err)
		}
	}
	if err := s.trustOrigins(o.CORSOrigins); err != nil {
		return nil, err
	}
	var err error
	if s.idempotency, err = newIdempotency(app, o.Answers); err != nil {
		return nil, err
	}
	collectors := o.Collectors
	if o.Calls != nil {
		o.Calls.errors.Store(&s.errors)
		collectors = append([]prometheus.Collector{o.Calls}, collectors...)
	}
	s.health = newHealth(app, &s.draining)
	if s.metrics, err = newMetrics(s.health, &s.inFlight, collectors); err != nil {
		return nil, err
	}
	s.handler = s.routes(o.Routes)
	return s, nil
}

// public returns where clients reach the app, empty where it isn't known.
func (s *Server) public() string {
	if s.publicURL != "" {
		return s.publicURL
	}
	return s.sessions.PublicURL()
}

// Handler returns the handler of the public listener.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve serves the public listener until Drain or Close, then returns nil.
func (s *Server) Serve(l net.Listener) error { return s.listen(l, s.Handler()) }

// ServeAdmin serves the operators' listener until Drain or Close; see AdminHandler
// for the token.
func (s *Server) ServeAdmin(l net.Listener, token string) error {
	return s.listen(l, s.AdminHandler(token))
}

func (s *Server) listen(l net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    longestHeader,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = l.Close()
		return nil
	}
	s.servers = append(s.servers, server)
	s.mu.Unlock()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// BehindProxy reports whether requests come through a proxy: one is trusted, or a peer
// on a private network has named another address.
func (s *Server) BehindProxy() bool { return len(s.trusted) > 0 || s.warned.Load() }

// Withdraw makes /readyz fail. All else is still served.
func (s *Server) Withdraw() { s.draining.Store(true) }

// Drain makes /readyz fail, lets requests in flight finish, and then closes the
// listeners. A busy server answers new requests for a moment longer. Drain returns
// ctx's error if requests are in flight when ctx ends.
func (s *Server) Drain(ctx context.Context) error {
	servers := s.stopListening()
	s.untilQuiet(ctx)
	return forEach(servers, func(server *http.Server) error { return server.Shutdown(ctx) })
}

// Close closes listeners and connections at once.
func (s *Server) Close() error {
	return forEach(s.stopListening(), (*http.Server).Close)
}

// stopListening returns the servers and lets no more start.
func (s *Server) stopListening() []*http.Server {
	s.draining.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.servers
}

func forEach(servers []*http.Server, do func(*http.Server) error) error {
	var errs []error
	for _, server := range servers {
		errs = append(errs, do(server))
	}
	return errors.Join(errs...)
}

// untilQuiet waits until no request is in flight and, on a server that was busy, none
// has come for drainSettle.
func (s *Server) untilQuiet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, quietDrainMost)
	defer cancel()
	busy := time.Since(s.lastRequest()) < time.Second
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for s.inFlight.Load() > 0 || busy && time.Since(s.lastRequest()) < drainSettle {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// lastRequest returns when the latest request began.
func (s *Server) lastRequest() time.Time { return time.Unix(0, s.latest.Load()) }
