package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/lintel-run/lintel/cmd/lintel/internal/adminsocket"
	"github.com/lintel-run/lintel/cmd/lintel/internal/settings"
	"github.com/lintel-run/lintel/cmd/lintel/internal/tracing"
	"github.com/lintel-run/lintel/internal/children"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/server"
	"github.com/lintel-run/lintel/server/extension"
)

// serveFlags are the flags of "lintel serve".
type serveFlags struct {
	app          appFlags
	listen       string
	admin        string
	adminToken   string
	proxies      []string
	publicURL    string
	redirects    []string
	cors         []string
	locales      string
	otlpEndpoint string
	drainTimeout time.Duration
	drainDelay   time.Duration

	// Set by check.
	trusted   []netip.Prefix
	operators operators
	// delayGiven is set if drainDelay was, by a flag, a variable or the file.
	delayGiven bool
}

// lastLines bounds how long the last lines of the log may take to be read.
const lastLines = time.Second

// proxyDelay is the default of --drain-delay behind a proxy: about how often proxies ask
// whether a server is ready.
const proxyDelay = 5 * time.Second

func newServe(in *invocation) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [APP]",
		Short: "Serves an app over HTTP",
		Long: `Serves the app and prints its addresses on standard output once it answers; logs go
to standard error. It refuses to start for a bad app.json, unusable stores or a
missing secret. Anything else that is wrong is logged, and the rest serves.

The operators' listener (/metrics, /readyz with details, /status) is the socket
admin.sock in the data directory, for the user who runs lintel only; where another
server has it, admin-PID.sock. On TCP it needs --admin-token.

The first SIGTERM or SIGINT drains: /readyz fails at once, requests are still served
for --drain-delay, so that proxies notice, and those in flight may finish, for
--drain-timeout at most. The second signal ends at once. SIGHUP has no effect.

The app's secret is the variable LINTEL_SECRET, at least 32 random bytes in base64
or hex, or the file "secret" in the data directory. Traces are sent when
--otlp-endpoint or OTEL_EXPORTER_OTLP_ENDPOINT says where to.`,
		Example: `  lintel serve app.example --dev
  lintel serve /srv/shop --listen :8080 --trusted-proxies 10.0.0.0/8 --public-url https://shop.example
  lintel serve /srv/shop --redirect-origins https://shop.example --cors-origins https://shop.example --locales /srv/words
  LINTEL_ADMIN_TOKEN=… lintel serve /srv/shop --admin 10.0.0.5:9090 --locked`,
		Args: maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := appArg(args)
			f.delayGiven = cmd.Flags().Changed("drain-delay")
			if err == nil {
				err = f.check(cmd.Context())
			}
			if err != nil {
				return err
			}
			return serve(cmd.Context(), in, dir, &f)
		},
	}
	flags := cmd.Flags()
	f.app.addAll(flags)
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to serve on, HOST:PORT")
	flags.StringVar(&f.admin, "admin", "", "operators' address, HOST:PORT or unix:PATH [admin.sock in the data directory]")
	flags.StringVar(&f.adminToken, "admin-token", "", "bearer token of the operators' listener; better given as "+settings.Environment("admin-token"))
	flags.StringSliceVar(&f.proxies, "trusted-proxies", nil, "CIDRs of proxies whose X-Forwarded-For is believed")
	flags.StringVar(&f.publicURL, "public-url", "", "where clients reach the app, such as https://shop.example")
	flags.StringSliceVar(&f.redirects, "redirect-origins", nil, "origins that the login page may lead to by ?redirect=, besides this one")
	flags.StringSliceVar(&f.cors, "cors-origins", nil, "exact origins whose pages may call, with cookies; none unless named")
	flags.StringVar(&f.locales, "locales", "", "directory of NAME.json files: further languages of the pages, or other words")
	flags.StringVar(&f.otlpEndpoint, "otlp-endpoint", "", "URL of an OpenTelemetry collector (OTLP over gRPC)")
	in.addJSON(cmd, "print the addresses as one line of JSON")
	flags.DurationVar(&f.drainDelay, "drain-delay", 0, "how long requests are still taken after /readyz fails [5s behind a proxy, else 0]")
	flags.DurationVar(&f.drainTimeout, "drain-timeout", 30*time.Second, "how long requests in flight may take after the first SIGTERM")
	return cmd
}

// check refuses unusable flags, before anything is started.
func (f *serveFlags) check(ctx context.Context) (err error) {
	if err := checkListen(ctx, f.listen, f.app.dev); err != nil {
		return err
	}
	if f.trusted, err = server.ParseTrustedProxies(f.proxies); err != nil {
		return usageError{err}
	}
	if f.admin != "" {
		if f.operators, err = parseOperators(f.admin); err != nil {
			return err
		}
		if f.operators.tcp != "" && f.adminToken == "" {
			return usagef("--admin on TCP needs --admin-token or %s", settings.Environment("admin-token"))
		}
	}
	if f.redirects, err = extension.ParseOrigins("redirectOrigins", f.redirects); err != nil {
		return usageError{err}
	}
	if f.cors, err = extension.ParseOrigins("corsOrigins", f.cors); err != nil {
		return usageError{err}
	}
	for name, d := range map[string]time.Duration{"drain-delay": f.drainDelay, "drain-timeout": f.drainTimeout} {
		if d < 0 {
			return usagef("--%s is a duration such as 5s, and not negative", name)
		}
	}
	for name, text := range map[string]string{"public-url": f.publicURL, "otlp-endpoint": f.otlpEndpoint} {
		if text == "" {
			continue
		}
		if u, err := url.Parse(text); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return usagef("--%s is a URL with http or https, not %q", name, text)
		}
	}
	return nil
}

// storeWait is how long a start waits for stores that can't be reached before it serves
// without them, not ready.
const storeWait = 2 * time.Second

// serve runs the app until a signal or a listener's failure.
func serve(ctx context.Context, in *invocation, dir string, f *serveFlags) (err error) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	// Files are watched, so there is nothing to reload, and a terminal that is closed ends
	// no server.
	signal.Ignore(syscall.SIGHUP)
	// A reader of the log that goes away ends no server. Plugins don't inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	if os.Getpid() == 1 { // in a container, where orphans become children of this process
		defer children.ReapOrphans()()
	}

	logger, lines := in.serverLogger(slog.LevelInfo)
	defer lines.Close(lastLines)
	// Listen before anything is started, so that a mistake costs nothing.
	public, err := listenTCP(ctx, "--listen", f.listen, f.app.dev)
	if err != nil {
		return err
	}
	defer func() { _ = public.Close() }()

	options, err := f.app.opening(logger)
	if err != nil {
		return err
	}
	provider, err := trace(ctx, f.otlpEndpoint)
	if err != nil {
		return err
	}
	if provider != nil {
		options = append(options, runtime.WithTracerProvider(provider))
		defer flush(provider, logger)
	}

	calls := server.NewCallMetrics()
	options = append(options, runtime.WithObserver(calls), runtime.WithoutStores(), runtime.WithStoreWait(storeWait))
	app, err := open(ctx, dir, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	operators, err := f.listenOperators(ctx, app.Info().DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = operators.Close() }()
	byApp := adminsocket.ListenForApp(dir)
	for _, l := range byApp {
		defer func() { _ = l.Close() }()
	}
	srv, err := newServer(app, f, calls, logger, lines)
	if err != nil {
		return err
	}
	defer func() { _ = srv.Close() }()

	failed := make(chan error, 2+len(byApp))
	for _, l := range byApp {
		go func() { failed <- srv.ServeAdmin(l, "") }()
	}
	go func() { failed <- srv.Serve(public) }()
	go func() { failed <- srv.ServeAdmin(operators, f.adminToken) }()
	addresses := addressesOf(app, public, operators)
	logger.Info("serving", "version", version, "app", app.Info().AppID, "listening", addresses.Listening,
		"operators", addresses.Operators, "stores", storesOf(app))
	go func() { // its reader may stall
		if err := addresses.print(in.stdout, in.json); err != nil {
			logger.Warn("the addresses could not be printed", "error", err)
		}
	}()

	var delay time.Duration
	select {
	case err := <-failed:
		return err
	case s := <-signals:
		delay = f.delay(srv)
		logger.Info("draining; a second signal ends at once", "signal", s.String(),
			"delay_ms", delay.Milliseconds(), "timeout_ms", f.drainTimeout.Milliseconds())
	}
	go func() {
		<-signals
		logger.Warn("ending at once")
		// Plugin processes end with this one; the socket's file has to be removed.
		_ = operators.Close()
		lines.Close(lastLines)
		os.Exit(exitFailed)
	}()
	srv.Withdraw()
	select {
	case err := <-failed:
		return err
	case <-time.After(delay):
	}
	return drain(srv, app, f.drainTimeout, logger)
}

// delay returns how long requests are still taken after /readyz fails.
func (f *serveFlags) delay(srv *server.Server) time.Duration {
	if f.delayGiven || f.app.dev || !srv.BehindProxy() {
		return f.drainDelay
	}
	return proxyDelay
}

// storesOf names the app's stores and their Types, for the log.
func storesOf(app *runtime.App) []string {
	elements, err := app.FindElements(".caches.Meta,.databases.Meta")
	if err != nil {
		return nil
	}
	var stores []string
	for _, el := range elements {
		if define, err := app.GetElementDefine(el.FullName()); err == nil {
			stores = append(stores, el.FullName()+" ("+define.Type+")")
		}
	}
	return stores
}

// open opens the app; a signal while it opens gives up. The app's context outlives
// the signal, so that calls in flight are drained and not cancelled.
func open(ctx context.Context, dir string, options []runtime.Option) (*runtime.App, error) {
	opening, cancel := context.WithCancel(context.WithoutCancel(ctx))
	giveUp := context.AfterFunc(ctx, cancel)
	app, err := runtime.Open(opening, dir, options...)
	if err != nil {
		cancel()
		return nil, err
	}
	if !giveUp() {
		return nil, errors.Join(errors.New("ended by a signal while starting"), app.Close())
	}
	return app, nil
}

func drain(srv *server.Server, app *runtime.App, timeout time.Duration, logger *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := errors.Join(srv.Drain(ctx), app.Drain(ctx)); err != nil {
		logger.Warn("requests were still in flight after the drain timeout", "timeout_ms", timeout.Milliseconds())
		return nil
	}
	logger.Info("drained")
	return nil
}

func (f *serveFlags) listenOperators(ctx context.Context, dataDir string) (net.Listener, error) {
	switch {
	case f.operators.socket != "":
		return adminsocket.ListenAt(f.operators.socket)
	case f.operators.tcp != "":
		return listenTCP(ctx, "--admin", f.operators.tcp, false)
	}
	return adminsocket.Listen(dataDir)
}

// trace sends the process's spans to a collector, if one is configured.
func trace(ctx context.Context, endpoint string) (*sdktrace.TracerProvider, error) {
	provider, err := tracing.Provider(ctx, endpoint, version)
	if err != nil || provider == nil {
		return nil, err
	}
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return provider, nil
}

func flush(provider *sdktrace.TracerProvider, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := provider.Shutdown(ctx); err != nil {
		logger.Warn("the last traces could not be sent", "error", err)
	}
}
