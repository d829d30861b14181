package main

import (
	"log/slog"
	"os"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lintel-run/lintel/cmd/lintel/internal/logging"
	"github.com/lintel-run/lintel/elements/SMS/outboxpage"
	"github.com/lintel-run/lintel/elements/SMS/receipts"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessionhttp"
	"github.com/lintel-run/lintel/elements/caches/idempotency"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/server"
	"github.com/lintel-run/lintel/server/extension"
	"github.com/lintel-run/lintel/web"
)

// newServer returns the server of an app, with what the families and the pages add
// to it.
func newServer(app *runtime.App, f *serveFlags, calls *server.CallMetrics, logger *slog.Logger, lines *logging.Writer) (*server.Server, error) {
	elements := extension.RuntimeApp{App: app}
	sessions, err := sessionhttp.New(elements, f.publicURL)
	if err != nil {
		return nil, err
	}
	o := web.Options{RedirectOrigins: f.redirects, MaskPhone: phone.Mask}
	if f.locales != "" {
		o.Locales = os.DirFS(f.locales)
	}
	pages, err := web.New(app, o)
	if err != nil {
		return nil, err
	}
	receipts := receipts.NewEndpoint(elements, sessions.PublicURL)
	routes := slices.Concat(pages.Routes(), sessions.Routes(), []extension.Route{receipts.Route()})
	if app.Info().Dev {
		routes = append(routes, outboxpage.Routes(elements)...)
	}
	return server.New(app, server.Options{
		Logger: logger, TrustedProxies: f.trusted, PublicURL: f.publicURL, CORSOrigins: f.cors,
		Sessions: sessions, Answers: idempotency.In(elements), Routes: routes,
		Status: map[string]func() any{"receipts": func() any { return receipts.Addresses() }},
		Calls:  calls, Collectors: []prometheus.Collector{receipts.Collector(), droppedLines(lines)},
	})
}

func droppedLines(lines *logging.Writer) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "lintel_log_lines_dropped_total", Help: "Lines of the log that were dropped because its reader was too slow or had gone.",
	}, func() float64 { return float64(lines.Dropped()) })
}
