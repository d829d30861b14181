package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are in a registry of the server's own. Labels are names of elements, the
// functions they list, and the tables' codes: few, whatever clients send.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(h *health, inFlight *atomic.Int64, more []prometheus.Collector) (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lintel_requests_total", Help: "Calls over HTTP, by how they ended.",
		}, []string{"element", "function", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lintel_request_seconds", Help: "How long calls over HTTP took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"element", "function"}),
	}
	all := append([]prometheus.Collector{
		m.requests, m.seconds, appCollector{h},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "lintel_requests_in_flight", Help: "Requests being served.",
		}, func() float64 { return float64(inFlight.Load()) }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}, more...)
	for _, c := range all {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) observe(q *request, took time.Duration) {
	m.requests.WithLabelValues(q.element, q.function, q.code).Inc()
	m.seconds.WithLabelValues(q.element, q.function).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// appCollector collects the app's status at each scrape.
type appCollector struct{ health *health }

var (
	elementsDesc = prometheus.NewDesc("lintel_elements", "Elements of the app.", nil, nil)
	problemsDesc = prometheus.NewDesc("lintel_problems", "What is wrong with elements.", []string{"element", "code"}, nil)
	stateDesc    = prometheus.NewDesc("lintel_plugin_state", "1 for the state that a plugin process is in.", []string{"type", "state"}, nil)
	restartsDesc = prometheus.NewDesc("lintel_plugin_restarts_total", "Restarts of a plugin process.", []string{"type"}, nil)
	callsDesc    = prometheus.NewDesc("lintel_plugin_calls_in_flight", "Calls that a plugin process is serving.", []string{"type"}, nil)
	storesDesc   = prometheus.NewDesc("lintel_store_ready", "1 when a store can be reached.", []string{"element"}, nil)
)

// Describe implements prometheus.Collector.
func (c appCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{elementsDesc, problemsDesc, stateDesc, restartsDesc, callsDesc, storesDesc} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c appCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	status, err := c.health.status(context.Background())
	if err != nil {
		return
	}
	gauge(elementsDesc, float64(status.Elements))
	type problem struct{ element, code string }
	problems := make(map[problem]float64)
	for _, p := range status.Problems {
		problems[problem{p.Element, p.Code}]++
	}
	for p, n := range problems {
		gauge(problemsDesc, n, p.element, p.code)
	}
	seen := make(map[string]bool)
	for _, p := range status.Plugins {
		if seen[p.Type] { // the one that drains beside its successor
			continue
		}
		seen[p.Type] = true
		gauge(stateDesc, 1, p.Type, p.State)
		gauge(callsDesc, float64(p.InFlight), p.Type)
		out <- prometheus.MustNewConstMetric(restartsDesc, prometheus.CounterValue, float64(p.Restarts), p.Type)
	}
	for _, s := range status.Stores {
		ready := 0.0
		if s.Ready {
			ready = 1
		}
		gauge(storesDesc, ready, s.Element)
	}
}
